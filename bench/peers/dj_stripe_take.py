"""dj-stripe as published, taking deliveries; run by the Python of its own environment: DATABASE_URL PORT SECRET PATH.

Its own view, under gunicorn with threads, in the way that its manual gives for sites with many events: the event is
checked and stored, and handed to a callback that would queue it. The callback here does nothing, so that no request to
Stripe and no object's row is counted against it.
"""

from __future__ import annotations

import os
import sys
import uuid
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from gunicorn.app.base import BaseApplication

url, port, secret, path = sys.argv[1:]
parts = urlsplit(url)
settings.configure(
    SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True, MIDDLEWARE=[],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username,
        "HOST": parse_qs(parts.query)["host"][0], "CONN_MAX_AGE": None,
    }},
    LOGGING_CONFIG=None, DJSTRIPE_FOREIGN_KEY_TO_FIELD="id", STRIPE_TEST_SECRET_KEY="sk_test_bench",
    STRIPE_LIVE_MODE=False, DJSTRIPE_WEBHOOK_EVENT_CALLBACK=lambda trigger, api_key=None: None,
)  # fmt: skip
django.setup()

from django.core.management import call_command  # noqa: E402 - Django's own order
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path as at  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from djstripe.models import WebhookEndpoint  # noqa: E402
from djstripe.views import ProcessWebhookView  # noqa: E402

ENDPOINT = uuid.uuid4()
view = ProcessWebhookView.as_view()


@csrf_exempt
def take(request):
    answer = view(request, uuid=ENDPOINT)
    return HttpResponse("{}", status=answer.status_code, headers={"Content-Length": "2"})


urlpatterns = [at(path.lstrip("/"), take)]


class Server(BaseApplication):
    def load_config(self):
        for name, value in {
            "bind": f"127.0.0.1:{port}", "worker_class": "gthread", "threads": 16, "keepalive": 30, "loglevel": "error",
            "backlog": 1024, "worker_connections": 1000, "when_ready": lambda server: print("ready", flush=True),
        }.items():  # fmt: skip
            self.cfg.set(name, value)

    def load(self):
        return get_wsgi_application()


call_command("migrate", verbosity=0)
WebhookEndpoint.objects.create(
    id="we_bench", livemode=False, secret=secret, djstripe_uuid=ENDPOINT, enabled_events=["*"], status="enabled",
    url="https://bench.invalid/",
)  # fmt: skip
from django.db import connections  # noqa: E402

connections.close_all()
Server().run()
