"""Passwords at a controller that workers serve: hashes are computed in processes of their own."""

from .controller_case import CHANGE, LOOK, ControllerCase
from .processes import wait_until
from .threads import Threads

TRIES = 30


class LoginTests(ControllerCase):
    """Whether a password is right is found out soon, whichever worker is asked."""

    def test_many(self) -> None:
        """Right and wrong ones, each another, and many at a time."""
        statuses: list[int] = []

        def login(number: int) -> None:
            for password in (f"wrong-{number}", LOOK, CHANGE):
                statuses.append(self.ask("/auth", headers={"Password": password}).status)

        Threads(TRIES, login).join()
        self.assertEqual(
            {status: statuses.count(status) for status in statuses}, {401: TRIES, 200: 2 * TRIES}
        )
        wait_until(lambda: not self.derivations(), "all of these processes to have ended")

    def derivations(self) -> list[int]:
        """Process ids of children of workers, also of those that have ended and were not asked."""
        found = []
        for worker in self.filter.workers():
            with open(f"/proc/{worker}/task/{worker}/children") as stream:
                found += [int(word) for word in stream.read().split()]
        return found
