"""Alerts: what an audit has found, how the refreshes of a home end, and a heartbeat, told to people once each.

Messages go through Apprise (e-mail, Slack, Teams, webhooks and a hundred others) to the addresses of `ICW_ALERTS`, the
heartbeat to that of `ICW_HEARTBEAT_URL`. The addresses hold passwords and are shown nowhere. That one of them does not
take what it is sent stops nothing.
"""
