"""Part of `bench.soak` with a real Postfix in front of the filter."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.live import peers
from tests.live.delivered import values
from tests.live.harness import message_file, smtp_send
from tests.live.postfix import Postfix
from tests.live.postfix_cf import BOX, Smtpd
from tests.live.processes import wait_until
from tests.live.sink import Sink

from .soak_faults import Options, Result
from .soak_filter import SoakFilter, kill_counted

CLIENTS = 8
MESSAGES = 60
"""Of each client."""
KILLS = 6
TRIES = 100
"""Of one message."""
PAUSE = 0.2
"""Seconds from one try to the next."""
RECIPIENT = f"soak@{BOX}"


@dataclass(slots=True)
class Mail:
    """What all clients have sent."""

    ports: list[int]
    codes: Counter[int] = field(default_factory=Counter)
    """Replies by their codes."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, number: int) -> None:
        """Send messages, each until it is accepted."""
        for count in range(MESSAGES):
            text = f"X-Number: {number}-{count}\r\n".encode() + message_file("ham.eml")
            port = self.ports[(number + count) % len(self.ports)]
            for _ in range(TRIES):
                code = smtp_send(port, text, [RECIPIENT]).code
                with self.lock:
                    self.codes[code] += 1
                if code != 451:
                    break
                time.sleep(PAUSE)

    def wait(self, count: int) -> None:
        """Wait until so many are accepted."""
        wait_until(lambda: self.codes[250] >= count, f"{count} messages", 120)


def postfix(options: Options) -> Result:
    """Workers killed behind Postfix: clients that try again lose no message and double none."""
    if why := peers.why_missing("master"):
        return Result(False, f"cannot run: {why}")
    with SoakFilter(options.workers) as tested:
        services = {
            "tcp": Smtpd(f"inet:127.0.0.1:{tested.milter}"),
            "unix": Smtpd(f"unix:{tested.unix}"),
        }
        server = Postfix(services, Sink().port)
        mail = Mail(list(server.ports.values()))
        threads = [threading.Thread(target=mail.client, args=(at,)) for at in range(CLIENTS)]
        for thread in threads:
            thread.start()
        killed = kill_some(tested, mail)
        for thread in threads:
            thread.join()
        server.wait_idle()
        found = Counter(number for text in server.mailbox(RECIPIENT) for number in _numbers(text))
        server.stop()
        complaints = tested.complaints()
    wanted = {f"{at}-{count}" for at in range(CLIENTS) for count in range(MESSAGES)}
    lost, doubled = wanted - found.keys(), [name for name, count in found.items() if count > 1]
    is_good = not lost and not doubled and killed == KILLS and not complaints
    return Result(
        is_good and not mail.codes.keys() - {250, 451},
        f"{killed} kills, {len(wanted)} messages: {len(lost)} lost, {len(doubled)} doubled,"
        f" {mail.codes[451]} deferred and tried again; replies {dict(mail.codes)}",
    )


def kill_some(tested: SoakFilter, mail: Mail) -> int:
    """Kill workers, evenly over the messages; how many."""
    for number in range(KILLS):
        wanted = (number + 1) * CLIENTS * MESSAGES // (KILLS + 2)
        mail.wait(wanted)
        mark = tested.log_size()
        kill_counted(random.choice(tested.workers()))
        tested.wait_replaced(mark)
    return KILLS


def _numbers(text: bytes) -> list[str]:
    return values(text, "X-Number")
