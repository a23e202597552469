"""Profiles: which apply to an envelope, and what they come to."""

from dataclasses import replace
from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import (
    Actions,
    Config,
    Identity,
    Profile,
    ProfileActions,
    ProfileTexts,
    Texts,
)
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.profiles import NO_THRESHOLDS_SCORE, Profiles
from mailfilter.scan.verdict import Action

EMPTY = Envelope(listener="milter")


def matches(profile: Profile, envelope: Envelope) -> bool:
    return Profiles(Config(profiles={"p": profile})).match(envelope) == ("p",)


def to(*addresses: str) -> Envelope:
    return replace(EMPTY, recipients=tuple(Recipient(address) for address in addresses))


class MatchTests(SynchronousTestCase):
    def test_networks(self) -> None:
        profile = Profile(networks=("192.0.2.0/24", "2001:db8::/32"))
        table = {
            "192.0.2.7": True,
            "192.0.3.7": False,
            "::ffff:192.0.2.7": True,
            "2001:db8::1": True,
            "2001:db9::1": False,
        }
        for ip, expected in table.items():
            self.assertEqual(matches(profile, replace(EMPTY, client_ip=ip_address(ip))), expected)
        self.assertFalse(matches(profile, EMPTY))

    def test_authenticated(self) -> None:
        user = replace(EMPTY, user="joe")
        self.assertTrue(matches(Profile(authenticated=True), user))
        self.assertFalse(matches(Profile(authenticated=True), EMPTY))
        self.assertTrue(matches(Profile(authenticated=False), EMPTY))
        self.assertTrue(matches(Profile(users=("joe",)), user))
        self.assertFalse(matches(Profile(users=("jane",)), user))

    def test_listeners(self) -> None:
        self.assertTrue(matches(Profile(listeners=("milter",)), EMPTY))
        self.assertFalse(matches(Profile(listeners=("http",)), EMPTY))

    def test_addresses(self) -> None:
        profile = Profile(senders=("@Example.org", "joe@example.net"))
        for sender, expected in {
            "a@example.ORG": True,
            "joe@example.net": True,
            "ann@example.net": False,
            "a@sub.example.org": False,
            "example.org": False,
            "": False,
        }.items():
            self.assertEqual(matches(profile, replace(EMPTY, sender=sender)), expected, sender)
        self.assertFalse(matches(profile, EMPTY))

    def test_every_recipient(self) -> None:
        profile = Profile(recipients=("@example.org",))
        self.assertTrue(matches(profile, to("a@example.org", "b@example.org")))
        self.assertFalse(matches(profile, to("a@example.org", "b@example.net")))
        self.assertFalse(matches(profile, EMPTY))

    def test_recipients_that_are_not_known(self) -> None:
        """What is meant for some must not hold for others."""
        profile = Profile(recipients=("@a.example",), skip=True)
        some = replace(to("x@a.example"), lacks_recipients=True)
        self.assertTrue(matches(profile, to("x@a.example")))
        self.assertFalse(matches(profile, some))
        self.assertTrue(matches(profile, replace(some, deliver_to="y@a.example")))

    def test_mailbox(self) -> None:
        """Who tells the one mailbox that a message goes to wants what holds for that one."""
        profile = Profile(recipients=("@example.org",))
        others = to("a@example.net", "b@example.org")
        self.assertTrue(matches(profile, replace(others, deliver_to="b@example.org")))
        ours = to("a@example.org")
        self.assertFalse(matches(profile, replace(ours, deliver_to="b@example.net")))

    def test_tags(self) -> None:
        profile = Profile(mta_tags=("submission", "x"))
        self.assertTrue(matches(profile, replace(EMPTY, mta_tag="submission")))
        self.assertFalse(matches(profile, replace(EMPTY, mta_tag="mx")))
        self.assertFalse(matches(profile, EMPTY))

    def test_identities(self) -> None:
        profile = Profile(identities=("mx1", "mx2"))
        self.assertTrue(matches(profile, replace(EMPTY, identity="mx2")))
        self.assertFalse(matches(profile, replace(EMPTY, identity="mx3")))
        self.assertFalse(matches(profile, EMPTY))

    def test_profile_of_an_identity(self) -> None:
        """It applies to all that comes from there, beside the one that is asked for."""
        config = Config(
            identities={"mx1": Identity(profile="partners"), "mx2": Identity()},
            profiles={"partners": Profile(), "asked": Profile(), "local": Profile(users=("joe",))},
        )
        profiles = Profiles(config)
        mx1 = replace(EMPTY, identity="mx1")
        self.assertEqual(profiles.match(mx1), ("partners",))
        self.assertEqual(profiles.match(replace(mx1, settings_id="asked")), ("asked", "partners"))
        self.assertEqual(profiles.match(replace(mx1, settings_id="partners")), ("partners",))
        self.assertEqual(profiles.match(replace(mx1, user="joe")), ("local", "partners"))
        for name in ("mx2", "mx3", None):
            self.assertEqual(profiles.match(replace(EMPTY, identity=name)), ())

    def test_identity_does_not_set_conditions_aside(self) -> None:
        config = Config(
            identities={"mx1": Identity(profile="p")}, profiles={"p": Profile(users=("joe",))}
        )
        self.assertEqual(Profiles(config).match(replace(EMPTY, identity="mx1")), ())

    def test_all_conditions(self) -> None:
        profile = Profile(listeners=("milter",), authenticated=True)
        self.assertFalse(matches(profile, EMPTY))
        self.assertTrue(matches(profile, replace(EMPTY, user="joe")))

    def test_asked_for_by_name(self) -> None:
        self.assertFalse(matches(Profile(), EMPTY))
        self.assertTrue(matches(Profile(), replace(EMPTY, settings_id="p")))

    def test_conditions_hold_whatever_is_asked_for(self) -> None:
        profile = Profile(networks=("192.0.2.0/24",), skip=True)
        self.assertFalse(matches(profile, replace(EMPTY, settings_id="p")))


class SettingsTests(SynchronousTestCase):
    def test_defaults(self) -> None:
        settings = Profiles(Config()).settings(EMPTY)
        expected = ((Action.REJECT, 15.0), (Action.ADD_HEADER, 6.0), (Action.GREYLIST, 4.0))
        self.assertEqual(settings.thresholds, expected)
        self.assertEqual(settings.required_score, 15.0)
        for score, action in {
            -1.0: Action.NO_ACTION,
            3.99: Action.NO_ACTION,
            4.0: Action.GREYLIST,
            6.0: Action.ADD_HEADER,
            14.99: Action.ADD_HEADER,
            15.0: Action.REJECT,
        }.items():
            self.assertIs(settings.action(score), action)

    def test_no_thresholds(self) -> None:
        none = Actions(greylist=None, add_header=None, reject=None)
        settings = Profiles(Config(actions=none)).settings(EMPTY)
        self.assertIs(settings.action(10**9), Action.NO_ACTION)
        self.assertEqual(settings.required_score, NO_THRESHOLDS_SCORE)

    def test_shared_threshold(self) -> None:
        """The stronger of two actions with one threshold is taken."""
        same = Actions(greylist=5.0, add_header=5.0, rewrite_subject=5.0, reject=None)
        settings = Profiles(Config(actions=same)).settings(EMPTY)
        self.assertIs(settings.action(5.0), Action.REWRITE_SUBJECT)

    def test_thresholds_out_of_order(self) -> None:
        """Two profiles together may cross thresholds: the strongest action reached is taken."""
        profile = Profile(listeners=("milter",), actions=ProfileActions(reject=2.0))
        settings = Profiles(Config(profiles={"p": profile})).settings(EMPTY)
        self.assertIs(settings.action(5.5), Action.REJECT)
        self.assertIs(settings.action(1.5), Action.NO_ACTION)

    def test_same_priority(self) -> None:
        """By their names, wherever they stand."""
        profiles = {name: Profile(listeners=("milter",)) for name in ("b", "c", "a")}
        self.assertEqual(Profiles(Config(profiles=profiles)).match(EMPTY), ("a", "b", "c"))

    def test_priority(self) -> None:
        """The highest priority has the last word; what it does not say stays."""
        profiles = {
            "high": Profile(
                priority=2,
                listeners=("milter",),
                actions=ProfileActions(reject=30.0),
                symbols={"A": 2.0},
            ),
            "low": Profile(
                priority=1,
                listeners=("milter",),
                actions=ProfileActions(reject=20.0, add_header=10.0, off=("greylist",)),
                symbols={"A": 1.0, "B": 1.0},
                disable=("x",),
            ),
        }
        settings = Profiles(Config(profiles=profiles)).settings(EMPTY)
        self.assertEqual(settings.names, ("low", "high"))
        self.assertEqual(settings.thresholds, ((Action.REJECT, 30.0), (Action.ADD_HEADER, 10.0)))
        self.assertEqual(settings.symbols, {"A": 2.0, "B": 1.0})
        self.assertEqual(settings.disabled, {"x"})

    def test_worked_out_once(self) -> None:
        profiles = Profiles(Config(profiles={"p": Profile(authenticated=True)}))
        first = profiles.settings(replace(EMPTY, user="a"))
        self.assertIs(profiles.settings(replace(EMPTY, user="b")), first)
        self.assertIsNot(profiles.settings(EMPTY), first)


class TextTests(SynchronousTestCase):
    """What is said of messages."""

    def texts(self, *profiles: ProfileTexts, **texts: str) -> dict[Action, str]:
        """Those that deviate, where profiles apply, the last first in line."""
        made = {str(at): Profile(priority=at, texts=item) for at, item in enumerate(profiles)}
        config = Config(
            texts=Texts(**texts),
            profiles={name: replace(item, senders=("",)) for name, item in made.items()},
        )
        return dict(Profiles(config).settings(replace(EMPTY, sender="")).texts)

    def test_usual(self) -> None:
        self.assertEqual(self.texts(), {})
        self.assertEqual(self.texts(ProfileTexts()), {})

    def test_changed(self) -> None:
        self.assertEqual(self.texts(reject="no"), {Action.REJECT: "no"})
        self.assertEqual(self.texts(soft_reject="wait"), {Action.SOFT_REJECT: "wait"})
        changed = ProfileTexts(reject="never", quarantine="held")
        expected = {Action.REJECT: "never", Action.QUARANTINE: "held"}
        self.assertEqual(self.texts(changed, reject="no"), expected)

    def test_the_last_profile_wins(self) -> None:
        found = self.texts(ProfileTexts(reject="a", quarantine="b"), ProfileTexts(reject="c"))
        self.assertEqual(found, {Action.REJECT: "c", Action.QUARANTINE: "b"})
