"""What the environment says, read once at the start and handed down in pieces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

import platformdirs

from tillwright.kit.errors import Invalid, Problem
from tillwright.kit.keyring import Keyring
from tillwright.kit.seal import MasterKey, Secret


@dataclass(frozen=True)
class DatabaseSettings:
    """`url` is the owner's address, or None for the embedded server in the data folder."""

    url: Secret | None
    application_url: Secret | None


@dataclass(frozen=True)
class WebSettings:
    host: str
    port: int
    public_url: str

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")


@dataclass(frozen=True)
class ModelSettings:
    """`bases` are the addresses of language models that organisations may choose among."""

    bases: tuple[str, ...]


@dataclass(frozen=True)
class StripeSettings:
    """`connect_scope` is what a user's own account is asked for: read_only or read_write."""

    api_base: str
    connect_base: str
    connect_scope: Literal["read_only", "read_write"]


@dataclass(frozen=True)
class MailSettings:
    host: str
    port: int
    user: str | None
    password: Secret | None
    tls: str
    sender: str
    sink_url: str | None


@dataclass(frozen=True)
class Settings:
    """Everything that a person can set, in sections; docs/reference/settings.md has a line for each."""

    data: Path
    database: DatabaseSettings
    web: WebSettings
    stripe: StripeSettings
    model: ModelSettings
    mail: MailSettings
    event_days: int
    outgoing_networks: tuple[IPv4Network | IPv6Network, ...]
    master_key: Secret | None
    old_master_keys: tuple[Secret, ...]
    demo: bool

    def keyring(self) -> Keyring:
        """The master keys: of the environment, or of the key file, which is looked at again when it changes."""
        given = [MasterKey.parse(self.master_key.reveal())] if self.master_key else []
        old = [MasterKey.parse(key.reveal()) for key in self.old_master_keys]
        return Keyring(given, self.key_file, old=old)

    @property
    def key_file(self) -> Path:
        """Outside the database's folder, so that a copy of the one never carries the other."""
        return self.data / "keys" / "master.key"


STRIPE_API, STRIPE_CONNECT = "https://api.stripe.com", "https://connect.stripe.com"
MODELS = "https://api.openai.com/v1,https://api.anthropic.com/v1"
NAMES = {
    "TILLWRIGHT_DATA": "the data folder",
    "TILLWRIGHT_DATABASE_URL": "a PostgreSQL of your own, as the owner",
    "TILLWRIGHT_APPLICATION_DATABASE_URL": "the same, as the application role",
    "TILLWRIGHT_HOST": "the address the web process listens on",
    "TILLWRIGHT_PORT": "its port",
    "TILLWRIGHT_PUBLIC_URL": "the address people and Stripe reach it by",
    "TILLWRIGHT_STRIPE_API_BASE": "where Stripe's API is",
    "TILLWRIGHT_STRIPE_CONNECT_BASE": "where Stripe's OAuth is",
    "TILLWRIGHT_MODEL_BASES": "the language models that may be chosen",
    "TILLWRIGHT_STRIPE_CONNECT_SCOPE": "what a user's own account is asked for",
    "TILLWRIGHT_SMTP_HOST": "the mail server",
    "TILLWRIGHT_SMTP_PORT": "its port",
    "TILLWRIGHT_SMTP_USER": "the sign-in there",
    "TILLWRIGHT_SMTP_PASSWORD": "its password",
    "TILLWRIGHT_SMTP_TLS": "none, starttls or tls",
    "TILLWRIGHT_MAIL_FROM": "the sender of mails",
    "TILLWRIGHT_MAIL_SINK_URL": "where a demo's delivered mails can be read",
    "TILLWRIGHT_EVENT_DAYS": "how many days received events are kept",
    "TILLWRIGHT_OUTGOING_NETWORKS": "networks of your own that webhooks may reach",
    "TILLWRIGHT_MASTER_KEY": "the key that seals secrets",
    "TILLWRIGHT_OLD_MASTER_KEYS": "keys that still open what they sealed",
    "TILLWRIGHT_DEMO": "1 in the demo",
}


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment.

    Raises:
        Invalid: with every setting that is wrong, and what it should be.
    """
    given = {k: v for k, v in (os.environ if environment is None else environment).items() if v != ""}
    problems: list[Problem] = [
        Problem(
            "setting_unknown", f"There is no setting {name}.", name, "See docs/reference/settings.md for the names."
        )
        for name in sorted(given)
        if name.startswith("TILLWRIGHT_") and name not in NAMES and not name.startswith("TILLWRIGHT_NO_")
    ]

    def port(name: str, default: int) -> int:
        text = given.get(name, str(default))
        if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
            return int(text)
        problems.append(Problem("setting_invalid", f"{name} is {text!r}.", name, "Give a port from 1 to 65535."))
        return default

    def days(name: str, default: int) -> int:
        text = given.get(name, str(default))
        if text.isascii() and text.isdigit() and 1 <= int(text) <= 36500:
            return int(text)
        problems.append(Problem("setting_invalid", f"{name} is {text!r}.", name, "Give a number of days, 1 or more."))
        return default

    def url(name: str, default: str | None) -> str:
        text = given.get(name, default or "")
        if text and not text.startswith(("http://", "https://")):
            problems.append(Problem("setting_invalid", f"{name} is {text!r}.", name, "Start it with https://."))
        return text.rstrip("/")

    def secret(name: str) -> Secret | None:
        return Secret(given[name]) if name in given else None

    def database_url(name: str) -> Secret | None:
        if name in given and not given[name].startswith(("postgresql://", "postgres://")):
            problems.append(Problem("setting_invalid", f"{name} is no PostgreSQL address.", name, "postgresql://…"))
        return secret(name)

    def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(entry.strip()) for entry in given.get(name, "").split(",") if entry.strip())
        except ValueError as error:
            problems.append(Problem("setting_invalid", f"{name}: {error}.", name, "Write it as 10.1.0.0/16, fd00::/8."))
            return ()

    tls = given.get("TILLWRIGHT_SMTP_TLS", "none")
    if tls not in ("none", "starttls", "tls"):
        problems.append(
            Problem(
                "setting_invalid", f"TILLWRIGHT_SMTP_TLS is {tls!r}.", "TILLWRIGHT_SMTP_TLS", "none, starttls or tls."
            )
        )
    scope = given.get("TILLWRIGHT_STRIPE_CONNECT_SCOPE", "read_only")
    if scope not in ("read_only", "read_write"):
        name = "TILLWRIGHT_STRIPE_CONNECT_SCOPE"
        problems.append(Problem("setting_invalid", f"{name} is {scope!r}.", name, "read_only or read_write."))
    api_base = url("TILLWRIGHT_STRIPE_API_BASE", STRIPE_API)
    # A Stripe of one's own, such as the sandbox, has its OAuth at the same address.
    connect_base = url("TILLWRIGHT_STRIPE_CONNECT_BASE", STRIPE_CONNECT if api_base == STRIPE_API else api_base)
    host, web_port = given.get("TILLWRIGHT_HOST", "127.0.0.1"), port("TILLWRIGHT_PORT", 8420)
    bases = tuple(
        base.strip().rstrip("/") for base in given.get("TILLWRIGHT_MODEL_BASES", MODELS).split(",") if base.strip()
    )
    problems += [
        Problem("setting_invalid", f"{base!r} is no address.", "TILLWRIGHT_MODEL_BASES", "Start each with https://.")
        for base in bases
        if not base.removeprefix("anthropic+").startswith(("http://", "https://"))
    ]
    settings = Settings(
        data=Path(given.get("TILLWRIGHT_DATA") or platformdirs.user_data_dir("tillwright")).expanduser().absolute(),
        database=DatabaseSettings(
            database_url("TILLWRIGHT_DATABASE_URL"), database_url("TILLWRIGHT_APPLICATION_DATABASE_URL")
        ),
        web=WebSettings(host, web_port, url("TILLWRIGHT_PUBLIC_URL", f"http://{host}:{web_port}")),
        model=ModelSettings(bases),
        stripe=StripeSettings(api_base, connect_base, "read_write" if scope == "read_write" else "read_only"),
        mail=MailSettings(
            host=given.get("TILLWRIGHT_SMTP_HOST", "127.0.0.1"),
            port=port("TILLWRIGHT_SMTP_PORT", 25),
            user=given.get("TILLWRIGHT_SMTP_USER"),
            password=secret("TILLWRIGHT_SMTP_PASSWORD"),
            tls=tls,
            sender=given.get("TILLWRIGHT_MAIL_FROM", "Tillwright <tillwright@localhost>"),
            sink_url=url("TILLWRIGHT_MAIL_SINK_URL", None) or None,
        ),
        event_days=days("TILLWRIGHT_EVENT_DAYS", 90),
        outgoing_networks=networks("TILLWRIGHT_OUTGOING_NETWORKS"),
        master_key=secret("TILLWRIGHT_MASTER_KEY"),
        old_master_keys=tuple(Secret(k) for k in given.get("TILLWRIGHT_OLD_MASTER_KEYS", "").split(",") if k),
        demo=given.get("TILLWRIGHT_DEMO") == "1",
    )
    if problems:
        raise Invalid.many(problems)
    return settings
