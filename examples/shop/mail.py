"""Sending mail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from shop import settings


def send(subject: str, text: str, emails: list[str]) -> None:
    """One mail to each address. Raises OSError (smtplib's errors are such) when the mail server will not have one."""
    host, port = settings.smtp_address()
    with smtplib.SMTP(host, port, timeout=10) as server:
        for email in emails:
            server.send_message(_message(subject, text, email))


def _message(subject: str, text: str, email: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "shop@example.org"
    message["To"] = email
    message["Subject"] = subject
    message.set_content(text)
    return message
