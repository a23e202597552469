"""What is saved over the controller: in all workers at once, and there after whatever happens."""

import json
import os
import signal
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from mailfilter.codec.control import Answer

from .controller_case import (
    CHANGE,
    LOOK,
    NETWORKS,
    READER,
    WRITER,
    Reply,
    Worker,
    ask,
    make_controlled,
    meet_workers,
)
from .harness import Filter
from .processes import wait_until
from .workers_case import WorkersCase

KNOWN, STRANGER = "192.0.2.9", "203.0.113.1"
"""Clients: one that the map has, one that it has not."""


@cache
def own_filter() -> Filter:
    """Two workers that may be killed."""
    return make_controlled()


def has_score(worker: Worker, score: float) -> bool:
    """Whether a message that it scans now is scored by it."""
    return bool(worker.symbols()["WHO"]["score"] == score)


def is_listed(worker: Worker, client: str) -> bool:
    """Whether it finds a client in the map."""
    return "LISTED" in worker.symbols(client)


class SavedCase(WorkersCase):
    """Each test has a filter just started, with nothing saved."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        own = own_filter()
        (own.home / "state" / "saved.json").unlink(missing_ok=True)
        (own.home / "partners.map").write_text(NETWORKS)
        own.start()
        self.addCleanup(self.end, own)
        return own

    def ask(self, path: str, body: str | None = None, **headers: str) -> Reply:
        """Ask the controller as somebody who may change things; it must be a success."""
        reply = ask(self.filter.controller, path, body, {**WRITER, **headers})
        self.assertEqual(reply.status, 200, reply.body)
        return reply

    def save_score(self, score: float, name: str = "WHO") -> None:
        """Save the score of a symbol."""
        reply = self.ask("/savesymbols", json.dumps([{"name": name, "value": score}]))
        self.assertEqual(reply.value, {"success": True})

    def save_map(self, text: str) -> None:
        """Save the only map."""
        (found,) = self.ask("/maps").value
        self.assertEqual(self.ask("/savemap", text, Map=str(found["map"])).value, {"success": True})

    def everywhere(self, holds: Callable[[Worker], bool], what: str) -> None:
        """Wait until something holds in all workers that serve now."""
        workers = meet_workers(self.filter)
        try:
            wait_until(lambda: all(map(holds, workers)), f"{what} in {len(workers)} workers")
        finally:
            for worker in workers:
                worker.close()

    def expect_score(self, score: float) -> None:
        """A message is scored by it in each worker."""
        self.everywhere(lambda worker: has_score(worker, score), f"a score of {score}")

    def expect_listed(self, client: str, listed: bool) -> None:
        """Whether each worker finds a client in the map."""
        what = f"{client} listed: {listed}"
        self.everywhere(lambda worker: is_listed(worker, client) == listed, what)

    def restart(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the filter, by a signal to its master, and start it."""
        workers = self.filter.workers()
        if number == signal.SIGKILL:
            os.kill(self.filter.child.pid, number)
            self.filter.child.wait()
        else:
            self.filter.stop(number)
        wait_until(lambda: not any(map(_exists, workers)), "the workers to end")
        self.filter.start()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


class ScoreTests(SavedCase):
    """Scores of symbols and thresholds of actions."""

    def test_all_workers(self) -> None:
        """A score holds in each of them, also on connections that were there before."""
        workers = meet_workers(self.filter)
        self.assertEqual([worker.symbols()["WHO"]["score"] for worker in workers], [1.0, 1.0])
        self.save_score(2.5)
        for worker in workers:
            wait_until(partial(has_score, worker, 2.5), "the new score")
            worker.close()

    def test_reload(self) -> None:
        """The next generation has it, too."""
        self.save_score(2.5)
        self.assertEqual(self.reload(), Answer())
        self.expect_score(2.5)

    def test_restart(self) -> None:
        """So does the next start."""
        self.save_score(2.5)
        self.restart()
        self.expect_score(2.5)

    def test_killed(self) -> None:
        """What was answered with success is there after kill -9 of the master."""
        for score in (2.5, 3.5):
            self.save_score(score)
            self.restart(signal.SIGKILL)
            self.expect_score(score)

    def test_worker_killed(self) -> None:
        """A worker that takes the place of another one begins with it."""
        before = frozenset(self.wait_workers())
        self.save_score(2.5)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.wait_workers(but=before)
        self.expect_score(2.5)

    def test_actions(self) -> None:
        """Thresholds: in replies of scans, and in what the controller tells."""
        self.ask("/saveactions", json.dumps([9, 7, 5, None]))
        self.everywhere(lambda worker: worker.verdict()["required_score"] == 9.0, "threshold 9")
        told = {item["action"]: item["value"] for item in self.ask("/actions").value}
        self.assertEqual((told["reject"], told["add header"], told["greylist"]), (9.0, 5.0, None))
        self.restart()
        self.everywhere(lambda worker: worker.verdict()["required_score"] == 9.0, "threshold 9")

    def test_one_process(self) -> None:
        """The same without workers."""
        self.edit("workers = 2", "workers = 1")
        self.assertEqual(self.reload(), Answer())
        self.save_score(2.5)
        (worker,) = meet_workers(self.filter, 1)
        self.assertEqual(worker.symbols()["WHO"]["score"], 2.5)
        worker.close()
        self.restart(signal.SIGKILL)
        (worker,) = meet_workers(self.filter, 1)
        self.assertEqual(worker.symbols()["WHO"]["score"], 2.5)
        worker.close()

    def test_many_at_once(self) -> None:
        """The last of many changes holds everywhere, and after a kill."""
        for number in range(50):
            self.save_score(number / 8)
        self.expect_score(49 / 8)
        self.restart(signal.SIGKILL)
        self.expect_score(49 / 8)


class ToldTests(SavedCase):
    """Who has saved what, and how it is taken back."""

    def test_config_show(self) -> None:
        """Named as saved, with who and when."""
        self.save_score(2.5)
        shown = self.adm("config", "show")
        lines = [line for line in shown.splitlines() if "WHO" in line and "saved by" in line]
        self.assertEqual(len(lines), 1, shown[-2000:])
        self.assertIn("2.5", lines[0])

    def test_undo(self) -> None:
        """The value before comes back, at last that of the configuration."""
        self.save_score(2.5)
        self.save_score(3.5)
        self.expect_score(3.5)
        for score in (2.5, 1.0):
            self.adm("saved", "undo", "symbols.WHO.score")
            self.expect_score(score)
        self.assertNotIn("symbols.WHO.score", self.adm("saved", "list"))

    def test_undo_all(self) -> None:
        """Nothing is saved any more."""
        self.save_score(2.5)
        self.ask("/saveactions", json.dumps([9, 7, 5, None]))
        self.save_map("203.0.113.0/24\n")
        self.assertIn("symbols.WHO.score", self.adm("saved", "list"))
        self.adm("saved", "undo", "--all")
        self.expect_score(1.0)
        self.everywhere(lambda worker: worker.verdict()["required_score"] == 15.0, "threshold 15")
        self.expect_listed(KNOWN, True)

    def test_log(self) -> None:
        """A line for each, with who, what, and what it was."""
        self.save_score(2.5)
        wait_until(lambda: bool(self.lines()), "a line in the log")
        (line,) = self.lines()
        self.assertIn("1", line)
        self.assertIn("2.5", line)
        self.assertNotIn(CHANGE, self.filter.log(self.mark))

    def lines(self) -> list[str]:
        """Lines of the log about the symbol."""
        log = self.filter.log(self.mark).splitlines()
        return [line for line in log if "symbols.WHO.score" in line]

    def test_refused(self) -> None:
        """Without the right password, out of bounds, unknown: nothing changes."""
        self.save_score(2.5)
        for headers in ({}, READER, {"Password": "wrong"}):
            body = json.dumps([{"name": "WHO", "value": 7}])
            self.assertEqual(self.status("/savesymbols", body, headers), 401)
            self.assertEqual(self.status("/saveactions", "[9, 7, 5, 1]", headers), 401)
        for value in ('"x"', "1e999", "NaN", "1e7", "[]", "{}"):
            body = f'[{{"name": "WHO", "value": {value}}}]'
            self.assertGreaterEqual(self.status("/savesymbols", body, WRITER), 400, value)
        for text in ("[1,2]", "[1,2,3,4]", "[9,7,5,null,1]", "nonsense", '["a",1,2,3]', ""):
            self.assertGreaterEqual(self.status("/saveactions", text, WRITER), 400, text)
        self.expect_score(2.5)

    def status(self, path: str, body: str, headers: dict[str, str]) -> int:
        """Of the reply."""
        return ask(self.filter.controller, path, body, headers).status

    def adm(self, *arguments: str) -> str:
        """What `mailfilteradm` prints; it must succeed."""
        done = self.filter.adm(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_damaged(self) -> None:
        """A file that cannot be read is put aside, with an alarm; mail flows."""
        self.save_score(2.5)
        self.filter.stop()
        path = self.filter.home / "state" / "saved.json"
        path.write_bytes(path.read_bytes()[:-7])
        self.filter.start()
        self.expect_score(1.0)
        self.assertIn("alarm", self.filter.log(self.mark))
        aside = [item.name for item in path.parent.iterdir() if item.name.startswith("saved.json")]
        self.assertTrue(aside)
        self.save_score(3.5)
        self.restart()
        self.expect_score(3.5)

    def test_mode(self) -> None:
        """Nobody else reads it."""
        self.save_score(2.5)
        path = self.filter.home / "state" / "saved.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(LOOK, path.read_text())


class MapTests(SavedCase):
    """Maps: from files, and saved."""

    def test_file(self) -> None:
        """A change of the file is in each worker soon, on connections that were there before."""
        workers = meet_workers(self.filter)
        for worker in workers:
            options = worker.symbols(KNOWN)["LISTED"]["options"]
            self.assertEqual(options, ["192.0.2.0/24", "documentation"])
            self.assertNotIn("LISTED", worker.symbols(STRANGER))
        self.write(NETWORKS + "203.0.113.0/24 others\n")
        for worker in workers:
            wait_until(partial(is_listed, worker, STRANGER), "the new map")
            self.assertIn("LISTED", worker.symbols(KNOWN))
            worker.close()

    def write(self, text: str) -> None:
        """Replace the file in one step."""
        fresh = self.filter.home / "partners.new"
        fresh.write_text(text)
        fresh.replace(self.filter.home / "partners.map")

    def test_wrong_file(self) -> None:
        """What cannot be used is told with its line; the old map goes on."""
        self.write(NETWORKS + "300.0.0.0/8 nonsense\n")
        self.wait_log("partners.map:3")
        self.expect_listed(KNOWN, True)
        self.write("203.0.113.0/24\n")
        self.expect_listed(STRANGER, True)
        self.expect_listed(KNOWN, False)

    def test_file_away(self) -> None:
        """Neither is a file that is gone the end of its map."""
        (self.filter.home / "partners.map").unlink()
        self.wait_log("partners.map")
        self.expect_listed(KNOWN, True)
        self.write("203.0.113.0/24\n")
        self.expect_listed(STRANGER, True)

    def test_saved(self) -> None:
        """It holds over its file, after a reload, a restart and a kill, until it is undone."""
        self.save_map("203.0.113.0/24\n")
        self.expect_listed(STRANGER, True)
        self.expect_listed(KNOWN, False)
        self.assertEqual((self.filter.home / "partners.map").read_text(), NETWORKS)
        self.assertEqual(self.reload(), Answer())
        self.expect_listed(STRANGER, True)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.restart(number)
            self.expect_listed(STRANGER, True)
            self.expect_listed(KNOWN, False)
        done = self.filter.adm("saved", "undo", "maps.partners")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect_listed(STRANGER, False)
        self.expect_listed(KNOWN, True)

    def test_told(self) -> None:
        """As it is listed and read, by those who may look."""
        (found,) = self.look("/maps")
        self.assertEqual((found["description"], found["editable"]), ("whom we know", True))
        self.assertEqual(self.content(found["map"]), NETWORKS)
        self.save_map("203.0.113.0/24\n")
        self.assertEqual(self.content(found["map"]), "203.0.113.0/24\n")

    def content(self, number: int) -> str:
        """What /getmap gives."""
        headers = {**READER, "Map": str(number)}
        return ask(self.filter.controller, "/getmap", None, headers).body.decode()

    def look(self, path: str) -> Any:
        """The reply for who may look."""
        return ask(self.filter.controller, path, None, READER).value

    def test_wrong(self) -> None:
        """Neither nonsense nor nothing is saved."""
        (found,) = self.look("/maps")
        for text in ("nonsense\n", "", "192.0.2.0/99\n"):
            headers = {**WRITER, "Map": str(found["map"])}
            reply = ask(self.filter.controller, "/savemap", text, headers)
            self.assertIn(reply.status, (400, 500), reply.body)
            self.assertIn("error", reply.value)
        self.assertEqual(self.content(found["map"]), NETWORKS)
        self.expect_listed(KNOWN, True)
