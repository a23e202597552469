"""Users and groups by name or number."""

import grp
import pwd

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.accounts import find_group, find_user, group_name


class AccountTests(SynchronousTestCase):
    def test_names_and_numbers(self) -> None:
        user, group = pwd.getpwnam("nobody"), grp.getgrnam("daemon")
        ids = (user.pw_uid, user.pw_gid)
        self.assertEqual((find_user("nobody"), find_user(str(user.pw_uid))), (ids, ids))
        self.assertEqual({find_group("daemon"), find_group(str(group.gr_gid))}, {group.gr_gid})
        self.assertEqual(group_name(group.gr_gid), "daemon")

    def test_nobody(self) -> None:
        for name in ("no-such", "4294967294", "9" * 30, "9" * 5000, "a\0b", "-1", " "):
            self.assertEqual((find_user(name), find_group(name)), (None, None), name[:20])
        self.assertEqual(group_name(4294967294), "4294967294")
