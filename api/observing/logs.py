"""Log lines, each with the id of the request that it belongs to."""

from __future__ import annotations

import json
import logging
import re
import secrets
from contextvars import ContextVar
from typing import Literal, TypeAlias

LogFormat: TypeAlias = Literal["text", "json"]
REQUEST_ID = "X-Request-Id"

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""Of the request that this task or thread works on."""
_ACCEPTABLE = re.compile(r"[\w.-]{1,64}", re.ASCII)


def request_id_from(header: str | None) -> str:
    """The id that a client or proxy gave, if it is one that can stand in a log; else a new one."""
    return header if header and _ACCEPTABLE.fullmatch(header) else secrets.token_hex(8)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": record.__dict__["request_id"],
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(log_format: LogFormat) -> None:
    """Log to standard error: warnings, and what this service and its server say of themselves."""
    handler = logging.StreamHandler()
    handler.addFilter(_add_request_id)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s")
    handler.setFormatter(JsonFormatter() if log_format == "json" else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("api", "uvicorn"):  # not the root: open_clip reports every step of building a model there
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every broken upload


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True
