"""librdkafka's own mock cluster, on loopback: what any client, in any process, takes for Kafka."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Producer, TopicPartition, cimpl

_LIBRARY = ctypes.CDLL(cimpl.__file__)  # with it librdkafka, which it is linked to
_POINTERS = ("rd_kafka_new", "rd_kafka_mock_cluster_new")
for _name in _POINTERS:
    getattr(_LIBRARY, _name).restype = ctypes.c_void_p
_LIBRARY.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p


@dataclass
class Cluster:
    handle: ctypes.c_void_p
    bootstrap: str
    producer: Producer = field(init=False)

    def __post_init__(self):
        self.producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, "log_level": 0})

    def topic(self, name, partitions=1):
        assert _LIBRARY.rd_kafka_mock_topic_create(self.handle, name.encode(), partitions, 1) == 0
        return name

    def send(self, topic, *values, partition=0):
        for value in values:
            self.producer.produce(topic, value, partition=partition)
        assert self.producer.flush(10) == 0

    def committed(self, topic, *partitions, group="coherence"):
        """What Kafka would resume at; below 0 where nothing is committed."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        try:
            wanted = [TopicPartition(topic, each) for each in partitions or (0,)]
            return [each.offset for each in reader.committed(wanted, timeout=10)]
        finally:
            reader.close()

    def set_up(self, *, up):
        set_to = _LIBRARY.rd_kafka_mock_broker_set_up if up else _LIBRARY.rd_kafka_mock_broker_set_down
        assert set_to(self.handle, 1) == 0


@contextmanager
def mock() -> Iterator[Cluster]:
    said = ctypes.create_string_buffer(512)
    client = ctypes.c_void_p(_LIBRARY.rd_kafka_new(0, None, said, 512))
    assert client, said.value
    handle = ctypes.c_void_p(_LIBRARY.rd_kafka_mock_cluster_new(client, 1))
    _LIBRARY.rd_kafka_mock_group_initial_rebalance_delay_ms(handle, 0)
    try:
        yield Cluster(handle, _LIBRARY.rd_kafka_mock_cluster_bootstraps(handle).decode())
    finally:
        _LIBRARY.rd_kafka_mock_cluster_destroy(handle)
        _LIBRARY.rd_kafka_destroy(client)
