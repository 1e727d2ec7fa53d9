"""What notices are about, a row each, with the merge tags that all scopes of it share."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Subject, Tag

ENTITLEMENT = Subject(
    type="ENTITLEMENT",
    path="/entitlements/{entitlementId}",
    category="Entitlements",
    id="entitlementId",
    name="name",
    status="status",
    tags={
        "entitlementId": Tag("Its id", "ent_01k0example0000000000000000"),
        "name": Tag("Its name", "Pro plan for Acme"),
        "status": Tag("ACTIVE, PENDING_CANCEL, CANCELLED, …", "ACTIVE"),
        "buyerId": Tag("The customer’s id", "cus_Example1"),
        "buyerName": Tag("The customer’s name", "Acme GmbH"),
        "buyerEmail": Tag("The customer’s address", "billing@acme.example"),
        "productId": Tag("The product’s id", "prod_Example1"),
        "productName": Tag("The product’s name", "Pro plan"),
        "startTime": Tag("When it started", "2026-02-14T09:00:00Z"),
        "endTime": Tag("When it ends, or empty", "2027-02-14T09:00:00Z"),
        "autoRenew": Tag("true if it renews by itself", False),
    },
)
INTEGRATION = Subject(
    type="INTEGRATION",
    path="/integrations",
    category="Integrations",
    id="partner",
    name="partner",
    tags={
        "partner": Tag("The partner, such as STRIPE", "STRIPE"),
        "service": Tag("The service, such as PAYMENT", "PAYMENT"),
        "accountId": Tag("The partner’s account", "acct_1Example"),
        "by": Tag("Who did it", "Ada Lovelace"),
    },
)
OWN_ACCOUNT = Subject(
    # The published interface has no word for it: a person's integration is one.
    type="INTEGRATION",
    path="/settings/user-integrations",
    category="Integrations",
    id="accountId",
    name="accountId",
    tags={
        "accountId": Tag("The account at Stripe", "acct_1Example"),
        "email": Tag("The address of the person whose account it is", "ada@northwind.example"),
        "reason": Tag("Why access ended", "It was taken back at Stripe.", ("why",)),
    },
)
API_CLIENT = Subject(
    type="API_CLIENT",
    path="/settings/api-keys",
    category="Users",
    id="apiClientId",
    name="name",
    tags={
        "apiClientId": Tag("The key’s id", "apc_01k0example0000000000000000"),
        "name": Tag("The key’s name", "Backend"),
        "role": Tag("ADMIN, EDITOR or VIEWER", "EDITOR"),
        "by": Tag("Who did it", "Ada Lovelace"),
    },
)
USER = Subject(
    type="USER",
    path="/settings/users",
    category="Users",
    id="userId",
    name="name",
    tags={
        "userId": Tag("The person’s id", "usr_01k0example0000000000000000"),
        "name": Tag("The person’s name", "Grace Hopper"),
        "email": Tag("The person’s address", "grace@northwind.example"),
        "role": Tag("ADMIN, EDITOR or VIEWER", "EDITOR"),
        "was": Tag("The role before, where it changed", "VIEWER"),
        "by": Tag("Who did it", "Ada Lovelace"),
    },
)
WORKFLOW = Subject(
    type="WORKFLOW",
    path="/workflows/{workflowId}",
    category="Workflows",
    id="workflowId",
    name="name",
    status="state",
    tags={
        "workflowId": Tag("The workflow’s id", "wf_01k0example00000000000000000", ("workflowId", "workflow")),
        "name": Tag("Its name", "win_back_failed_payment"),
        "version": Tag("Its version", 3),
        "state": Tag("ACTIVE or PAUSED", "ACTIVE"),
        "by": Tag("Who did it", "Ada Lovelace"),
    },
)
RUN = Subject(
    type="WORKFLOW_EXECUTION",
    path="/runs/{runId}",
    category="Workflows",
    id="runId",
    name="workflowName",
    tags={
        "runId": Tag("The run’s id", "run_0k3example000000000000000000", ("runId", "run")),
        "workflowName": Tag("The workflow’s name", "win_back_failed_payment", ("workflowName", "name", "workflow")),
        "reason": Tag("Why it failed", "Stripe refuses the coupon: percent_off must be at most 100."),
    },
)
APPROVAL = Subject(
    # The published interface has no word for it: what asks is a run.
    type="WORKFLOW_EXECUTION",
    path="/approvals/{approvalId}",
    category="Workflows",
    id="approvalId",
    name="workflowName",
    tags={
        "approvalId": Tag("The approval’s id", "apr_0k3example000000000000000000"),
        "question": Tag("What is asked", "Refund 49.00 EUR?"),
        "workflowName": Tag("The workflow’s name", "refund_with_approval", ("workflow",)),
        "runId": Tag("The run’s id", "run_0k3example000000000000000000", ("run",)),
        "step": Tag("The step that waits", "refund"),
        "amount": Tag("The amount in minor units; {{ amount | money: currency }}", 4900),
        "currency": Tag("Its currency", "EUR"),
        "role": Tag("Who may approve: this role and those above it", "EDITOR"),
        "due": Tag("When it expires", "2027-01-18T12:00:00Z"),
        "toldRole": Tag("Whose people this mail goes to; empty where the workflow names others", "EDITOR"),
    },
)
INVOICE = Subject(
    type="INVOICE",
    path="/customers/{buyerId}",
    category="Payments",
    id="invoiceId",
    name="number",
    status="status",
    stripe=True,
    tags={
        "invoiceId": Tag("The invoice’s id", "in_1Example"),
        "number": Tag("Its number", "NW-2027-0042"),
        "status": Tag("open, paid, …", "open"),
        "buyerId": Tag("The customer’s id", "cus_Example1"),
        "buyerName": Tag("The customer’s name", "Acme GmbH"),
        "buyerEmail": Tag("The customer’s address", "billing@acme.example"),
        "amount": Tag("The amount in minor units; {{ amount | money: currency }}", 4900),
        "currency": Tag("Its currency", "EUR"),
        "dueTime": Tag("When it is due, or empty", "2027-01-29T12:00:00Z"),
        "invoiceUrl": Tag("Stripe’s page of the invoice", "https://invoice.stripe.com/i/example"),
        "reason": Tag("Why it could not be collected, or why it was credited", "Your card has insufficient funds."),
    },
)
PAYMENT = Subject(
    type="PAYMENT_TRANSACTION",
    path="/payments/{paymentId}",
    category="Payments",
    id="paymentId",
    name="paymentId",
    status="status",
    stripe=True,
    tags={
        "paymentId": Tag("The payment’s id", "pi_3Example"),
        "status": Tag("succeeded, requires_payment_method, …", "succeeded"),
        "buyerId": Tag("The customer’s id", "cus_Example1"),
        "buyerEmail": Tag("Where the receipt goes", "billing@acme.example"),
        "amount": Tag("The amount in minor units; {{ amount | money: currency }}", 4900),
        "currency": Tag("Its currency", "EUR"),
        "description": Tag("What it was for", "Pro plan, January"),
        "reason": Tag("Why it failed, or why it was refunded", "Your card was declined."),
    },
)
