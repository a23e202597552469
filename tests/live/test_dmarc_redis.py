"""Rows of aggregate reports in Redis, which several processes add to at once."""

from mailfilter.store.base import Store
from tests.report.case_dmarc import DmarcCases

from . import test_redis
from .redis import Told, closing, make_store, settings


class RedisDmarcTests(DmarcCases, test_redis.RedisCase):
    """Each store has connections of its own, as each process has."""

    async def make_store(self) -> Store:
        """The first of those with the same prefix."""
        self.told = Told()
        self.made = settings(self.place())
        return make_store(self.made, self.told)

    async def second(self) -> Store:
        """Another one."""
        store = make_store(self.made, self.told)
        closing(self, store)
        return store
