"""Where notices go besides mail: one webhook, one Slack and one Teams channel an organisation."""
