"""Webhook endpoints: the secret shown once, at most sixteen an account and mode, disabled ones left alone."""

from typing import Any
from urllib.parse import urlsplit

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

MOST = 16
LOCAL = ("localhost", "127.0.0.1", "::1")


@behaviour("PostWebhookEndpoints")
def create(call: Call) -> dict[str, Any]:
    """The only answer that carries the secret."""
    params = dict(call.params)
    _check_url(params["url"], call.livemode)
    _check_events(params["enabled_events"])
    if call.objects.count("webhook_endpoint") >= MOST:
        mode = "live" if call.livemode else "test"
        raise invalid(
            f"You have reached the maximum of {MOST} {mode} webhook endpoints. Delete one to make room for another.",
            code="resource_limit_exceeded",
        )
    connect = bool(params.pop("connect", False))
    endpoint = generic.build(call, "webhook_endpoint", **{"status": "enabled", **params})
    if connect:
        endpoint["application"] = None
    endpoint.pop("secret", None)
    call.objects.insert(endpoint)
    secret = call.world.webhooks.register(endpoint["id"], call.account.id, call.livemode, connect)
    return {**endpoint, "secret": secret}


@behaviour("PostWebhookEndpointsWebhookEndpoint")
def update(call: Call) -> dict[str, Any]:
    endpoint = call.objects.get("webhook_endpoint", call.path["webhook_endpoint"])
    params = dict(call.params)
    if "url" in params:
        _check_url(params["url"], call.livemode)
    if "enabled_events" in params:
        _check_events(params["enabled_events"])
    disabled = params.pop("disabled", None)
    generic.apply(endpoint, params)
    if disabled is not None:
        endpoint["status"] = "disabled" if disabled else "enabled"
    call.objects.touch(endpoint)
    return endpoint


@behaviour("DeleteWebhookEndpointsWebhookEndpoint")
def delete(call: Call) -> dict[str, Any]:
    stub = call.objects.delete("webhook_endpoint", call.path["webhook_endpoint"])
    call.world.webhooks.remove(stub["id"])
    return stub


def _check_url(url: str, livemode: bool) -> None:
    """http is for this machine only; in live mode Stripe takes https alone, the sandbox lets loopback through."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    if livemode and parts.scheme == "http" and parts.hostname not in LOCAL:
        raise invalid("Invalid URL: URL must be publicly accessible and use HTTPS in live mode.", "url", "url_invalid")


def _check_events(types: list[str] | str) -> None:
    if not types:
        raise invalid("You must choose at least one event type.", "enabled_events")
