"""Feed: an exchange's stream of market data, and how to connect to it over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field
from ssmd_runtime.spec import SequenceScope, TimestampFormat

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.component import Defaults
from ssmd_compiler.model.scalars import (
    Boolean,
    Date,
    FramePath,
    Freeform,
    Identifier,
    Positive,
    SchemaUse,
    Text,
    TimeOfDay,
    Timezone,
    Url,
)

if TYPE_CHECKING:
    import datetime

__all__ = ["Calendar", "Feed", "FeedVersion", "MessageType", "TransportType"]

TransportType = Literal["nats", "mqtt", "aeron", "chronicle", "memory"]


class Protocol(Model):
    """How bytes travel, and what they spell."""

    transport: Literal["wss", "ws", "https", "multicast", "tcp"]
    """How bytes travel."""
    message: Literal["json", "itch", "fix", "sbe", "protobuf"] = "json"
    """What they spell."""


class FeedVersion(Model):
    """How to connect from `effective_from` up to, but not on, `effective_to`."""

    version: Identifier
    """Its name, unique in the feed."""
    effective_from: Date
    """The first day on which it is in force."""
    effective_to: Date | None = None
    """The day on which it no longer is; left out, it ends where the next one starts."""
    protocol: Protocol
    """How bytes travel and what they spell; the transport alone is short for it."""
    endpoint: Url
    """The exchange's URL."""
    auth_method: Literal["api_key", "oauth", "mtls", "none"] = "none"
    """How to authenticate at the exchange."""
    rate_limit_per_second: Positive | None = None
    """Requests a second that the exchange allows."""
    max_symbols_per_connection: Positive | None = None
    """Symbols that one connection may carry."""
    supports_orderbook: Boolean = False
    """Whether the exchange sends order books."""
    supports_trades: Boolean = True
    """Whether the exchange sends trades."""
    supports_historical: Boolean = False
    """Whether the exchange sends the past."""
    required_transport: tuple[TransportType, ...] = ()
    """The transports that this feed works with; empty: any."""
    parser_config: Freeform = Field(default_factory=dict)
    """For the connector: `exchange` names the protocol module, by default the feed's name; `channels` what to
    subscribe to, by default the message types."""

    def in_force(self, date: datetime.date) -> bool:
        return self.effective_from <= date and (self.effective_to is None or date < self.effective_to)


class Calendar(Model):
    """When the exchange trades; times are of its own time zone."""

    timezone: Timezone = "UTC"
    """The time zone of its times."""
    open_time: TimeOfDay | None = None
    """When trading starts."""
    close_time: TimeOfDay | None = None
    """When trading ends."""
    holiday_calendar: Literal["us_equity", "crypto_247", "custom"] | None = None
    """The days without trading."""


class CaptureLocation(Model):
    """Where a capture can stand."""

    site: Text
    """Its name."""
    type: Literal["cloud", "colo", "on_prem"]
    """Whose machines they are."""
    provider: Text | None = None
    """Who runs them."""
    region: Text | None = None
    """The provider's name of the place."""


class MessageType(Model):
    """How to read one kind of frame: paths to its instrument, its time and its sequence number."""

    identifier_field: FramePath | None = None
    """The path to the instrument: names of JSON members, outermost first, joined by dots."""
    timestamp_field: FramePath | None = None
    """The path to the exchange's time."""
    timestamp_format: TimestampFormat = "pipeline"
    """How that time is written; `pipeline`: there is none, the time of receipt stands in."""
    sequenced: Boolean = False
    """Whether a number counts the messages, so that gaps are found."""
    sequence_field: FramePath | None = None
    """The path to that number."""
    sequence_scope: SequenceScope | None = None
    """Over what it counts."""
    sequence_group_by: FramePath | None = None
    """The path to what tells one count from another."""
    fanout: Boolean = False
    """Whether one frame carries many records."""
    schema_: SchemaUse | None = Field(default=None, alias="schema")
    """The normalized record, as `name:version`."""


class Feed(Model):
    """One exchange's stream, with every version of how it is reached."""

    name: str
    display_name: Text | None = None
    """Its name for people."""
    type: Literal["websocket", "rest", "multicast"]
    """How the exchange serves it."""
    status: Literal["active", "deprecated", "disabled"] = "active"
    """Whether it may be used: `deprecated` warns where it is, `disabled` is an error."""
    versions: tuple[FeedVersion, ...] = Field(min_length=1, max_length=MOST)
    """How it is reached over time: in force on a date is the latest one whose range holds it."""
    active: Identifier | None = None
    """An older spelling: the version in force, whatever the date."""
    calendar: Calendar = Calendar.unsaid()
    """When the exchange trades."""
    capture_locations: tuple[CaptureLocation, ...] = ()
    """Where a capture can stand."""
    message_types: dict[str, MessageType] = Field(default_factory=dict, max_length=MOST)
    """By type: how to read its frames."""
    defaults: Defaults = Defaults.unsaid()
    """What an environment does not say itself."""

    def version_on(self, date: datetime.date) -> FeedVersion | None:
        """The version in force on `date`: the one named `active`, or else the latest whose range holds it."""
        if self.active is not None:
            return next((version for version in self.versions if version.version == self.active), None)
        ranges = [version for version in self.versions if version.in_force(date)]
        return max(ranges, key=lambda version: version.effective_from, default=None)
