"""Feed: an exchange's stream of market data, and how to connect to it over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.component import Defaults
from ssmd_compiler.model.scalars import Boolean, Date, Freeform, Identifier, Positive, Text, TimeOfDay, Timezone, Url

if TYPE_CHECKING:
    import datetime

__all__ = ["Calendar", "Feed", "FeedVersion", "MessageType", "TransportType"]

TransportType = Literal["nats", "mqtt", "aeron", "chronicle", "memory"]


class Protocol(Model):
    """How bytes travel, and what they spell."""

    transport: Literal["wss", "ws", "https", "multicast", "tcp"]
    message: Literal["json", "itch", "fix", "sbe", "protobuf"] = "json"


class FeedVersion(Model):
    """How to connect from `effective_from` up to, but not on, `effective_to`."""

    version: Identifier
    effective_from: Date
    effective_to: Date | None = None
    protocol: Protocol
    endpoint: Url
    auth_method: Literal["api_key", "oauth", "mtls", "none"] = "none"
    rate_limit_per_second: Positive | None = None
    max_symbols_per_connection: Positive | None = None
    supports_orderbook: Boolean = False
    supports_trades: Boolean = True
    supports_historical: Boolean = False
    required_transport: tuple[TransportType, ...] = ()
    parser_config: Freeform = Field(default_factory=dict)

    def in_force(self, date: datetime.date) -> bool:
        return self.effective_from <= date and (self.effective_to is None or date < self.effective_to)


class Calendar(Model):
    """When the exchange trades; times are of its own time zone."""

    timezone: Timezone = "UTC"
    open_time: TimeOfDay | None = None
    close_time: TimeOfDay | None = None
    holiday_calendar: Literal["us_equity", "crypto_247", "custom"] | None = None


class CaptureLocation(Model):
    """Where a capture can stand."""

    site: Text
    type: Literal["cloud", "colo", "on_prem"]
    provider: Text | None = None
    region: Text | None = None


class MessageType(Model):
    """How to read one kind of frame: paths to its instrument, its time and its sequence number."""

    identifier_field: Text | None = None
    timestamp_field: Text | None = None
    timestamp_format: Literal["unix_seconds", "epoch_millis", "epoch_nanos", "iso8601", "pipeline"] = "pipeline"
    sequenced: Boolean = False
    sequence_field: Text | None = None
    sequence_scope: Literal["per_subscription", "per_product", "per_connection"] | None = None
    sequence_group_by: Text | None = None
    fanout: Boolean = False
    schema_: Text | None = Field(default=None, alias="schema")


class Feed(Model):
    """One exchange's stream, with every version of how it is reached."""

    name: str
    display_name: Text | None = None
    type: Literal["websocket", "rest", "multicast"]
    status: Literal["active", "deprecated", "disabled"] = "active"
    versions: tuple[FeedVersion, ...] = Field(min_length=1, max_length=MOST)
    active: Identifier | None = None
    calendar: Calendar = Calendar()
    capture_locations: tuple[CaptureLocation, ...] = ()
    message_types: dict[str, MessageType] = Field(default_factory=dict, max_length=MOST)
    defaults: Defaults = Defaults()

    def version_on(self, date: datetime.date) -> FeedVersion | None:
        """The version in force on `date`: the one named `active`, or else the latest whose range holds it."""
        if self.active is not None:
            return next((version for version in self.versions if version.version == self.active), None)
        ranges = [version for version in self.versions if version.in_force(date)]
        return max(ranges, key=lambda version: version.effective_from, default=None)
