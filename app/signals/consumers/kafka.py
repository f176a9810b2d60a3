"""A member of a consumer group. Its methods block, and are called by one thread at a time."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka import Message as Received

from app.errors import BadUserInput, Conflict, Unavailable
from app.signals.consumers.batches import Message
from app.signals.consumers.options import without_secrets
from app.signals.consumers.queries import Partition

logger = logging.getLogger(__name__)

_LARGEST = 16_000_000
"""A batch ends where its messages have that many bytes, however few they are."""
_GLANCE = 0.2
"""Seconds after which it looks whether it is to stop."""
_TIMEOUT = 10.0
"""Seconds that one question to the brokers may take."""

_HOPELESS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
}


@dataclass(slots=True)
class Subscription:
    """What this member of the group is assigned, and what it has taken of it."""

    properties: Mapping[str, Any]
    topics: Sequence[str]
    stored: Mapping[Partition, int]
    """The first offset of each partition that the database does not have, where one is known."""
    from_beginning: bool
    stop: Event
    _consumer: Consumer = field(init=False)
    _new: set[str] = field(default_factory=set)
    """Topics of which the group has read nothing yet."""
    _taken: list[Message] = field(default_factory=list)
    _ended: set[Partition] = field(default_factory=set)
    _joined: bool = False
    _paused: bool = False
    _trouble: str = ""
    """What the client said last of its connections."""

    def open(self) -> None:
        """Joins the group. Unavailable where no broker answers, BadUserInput where there is no such topic."""
        given = {**self.properties, "error_cb": self._heard}
        try:
            self._consumer = Consumer(given, logger=logger)
        except (KafkaException, ValueError, TypeError) as error:
            why = without_secrets(str(error), self.properties)
            raise BadUserInput(f"Kafka's client does not take its configuration: {why}") from None
        try:
            self._look()
            self._consumer.subscribe(list(self.topics), on_assign=self._assigned, on_revoke=self._revoked)
        except KafkaException as error:
            self._consumer.poll(0)  # what the client has to say comes by the way
            self._consumer.close()
            why = self._trouble or error.args[0].str()
            raise Unavailable(f"Kafka cannot be reached: {why}. See --bootstrap and --config.") from error
        except BadUserInput:
            self._consumer.close()
            raise

    def _look(self) -> None:
        found = self._consumer.list_topics(timeout=_TIMEOUT).topics
        if missing := sorted(set(self.topics).difference(found)):
            raise BadUserInput(f"Kafka has no topic {', '.join(missing)}.")
        for topic in self.topics:
            partitions = [TopicPartition(topic, number) for number in found[topic].partitions]
            committed = self._consumer.committed(partitions, timeout=_TIMEOUT)
            if not any(each.offset >= 0 or _key(each) in self.stored for each in committed):
                self._new.add(topic)

    def take(self, count: int, seconds: float) -> list[Message]:
        """At most `count` messages that came within `seconds` of the first; none where none comes soon."""
        wait_until = time.monotonic() + _GLANCE
        size = 0
        while len(self._taken) < count and size < _LARGEST and not self.stop.is_set():
            left = wait_until - time.monotonic()
            received = self._poll(max(0.0, min(left, _GLANCE)))
            if received is None:
                if left <= 0:
                    break
            elif (message := self._read(received)) is not None:
                if not self._taken:
                    wait_until = time.monotonic() + seconds
                self._taken.append(message)
                size += len(message.value)
        taken, self._taken = self._taken, []
        return taken

    def idle(self) -> None:
        """Takes nothing, and stays a member of the group."""
        if not self._paused:
            self._paused = True
            self._consumer.pause(self._consumer.assignment())
        received = self._poll(_GLANCE)
        if received is not None and (message := self._read(received)) is not None:
            self._taken.append(message)  # had left the queue before

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._consumer.resume(self._consumer.assignment())

    def commit(self, reached: Mapping[Partition, int]) -> None:
        """Of those partitions that are still its own. What Kafka does not learn, the database knows."""
        own = {_key(each) for each in self._consumer.assignment()}
        offsets = [TopicPartition(*key, offset) for key, offset in reached.items() if key in own]
        if not offsets:
            return
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            logger.warning("offsets are not committed to Kafka this time: %s", error.args[0].str())

    @property
    def ended(self) -> bool:
        """Whether all is read that was there of the partitions assigned to it."""
        return self._joined and self._ended.issuperset(map(_key, self._consumer.assignment()))

    def lag(self) -> int:
        """Messages that are there and have not been taken, as far as it knows."""
        lag = 0
        for each in self._consumer.position(self._consumer.assignment()):
            _, high = self._consumer.get_watermark_offsets(each, cached=True)
            if each.offset >= 0 and high >= 0:
                lag += max(0, high - each.offset)
        return lag

    def close(self) -> None:
        """Leaves the group."""
        self._consumer.close()

    def _poll(self, seconds: float) -> Received | None:
        try:
            return self._consumer.poll(seconds)
        except KafkaException as error:  # of what was asked when partitions were assigned
            raise Unavailable(f"Kafka cannot be read: {error.args[0].str()}.") from error

    def _read(self, received: Received) -> Message | None:
        key = received.topic() or "", received.partition() or 0
        if (error := received.error()) is None:
            self._ended.discard(key)
            return Message(key, received.offset() or 0, _time(received), received.value() or b"")
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            self._ended.add(key)
        elif error.fatal() or error.code() in _HOPELESS:
            raise Unavailable(f"Kafka cannot be read: {error.str()}.")
        else:
            logger.warning("Kafka: %s", error.str())
        return None

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        begin = consumer.committed(partitions, timeout=_TIMEOUT) if partitions else []
        pinned = []
        for each in begin:
            committed, each.offset = each.offset, self._beginning(consumer, each)
            if committed < 0 <= each.offset:
                pinned.append(TopicPartition(*_key(each), each.offset))
        consumer.incremental_assign(begin)
        if pinned:  # so that nothing is missed from now on, whenever the first batch is stored
            consumer.commit(offsets=pinned, asynchronous=True)
        if self._paused:
            consumer.pause(begin)
        self._joined = True

    def _beginning(self, consumer: Consumer, partition: TopicPartition) -> int:
        """Where the group has come to; where nobody knows, as it was told to.

        Raises Conflict where Kafka has less than is stored.
        """
        _, end = consumer.get_watermark_offsets(partition, timeout=_TIMEOUT)
        known = self.stored.get(_key(partition))
        if known is not None and end < known:
            raise Conflict(
                f"{partition.topic}/{partition.partition} ends at {end}, and what was before {known} is stored"
                " already: the topic has been made anew. Read it by another --group."
            )
        if partition.offset >= 0:
            return partition.offset
        if known is not None:
            return known
        anew = partition.topic in self._new and not self.from_beginning
        return end if anew else OFFSET_BEGINNING  # the latter also of partitions that were added since

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """What was taken of them and is not being stored yet, their next owner takes again."""
        gone = set(map(_key, partitions))
        self._taken = [message for message in self._taken if message.partition not in gone]
        self._ended -= gone

    def _heard(self, error: KafkaError) -> None:
        self._trouble = error.str()
        logger.warning("Kafka: %s", self._trouble)


def _key(partition: TopicPartition) -> Partition:
    return partition.topic, partition.partition


def _time(received: Received) -> datetime | None:
    """The message's, unless it lies ahead: then the moment at which it is stored."""
    kind, milliseconds = received.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE or not 0 <= milliseconds <= time.time() * 1_000:
        return None
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)
