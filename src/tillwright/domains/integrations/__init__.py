"""An organisation's link to Stripe: its keys, account, mode, settings and status."""

from tillwright.domains.integrations.credentials import Credentials
from tillwright.domains.integrations.model import PARTNER, SERVICE, Integration, Status
from tillwright.domains.integrations.named_secrets import NamedSecrets
from tillwright.domains.integrations.service import Integrations

__all__ = ["PARTNER", "SERVICE", "Credentials", "Integration", "Integrations", "NamedSecrets", "Status"]
