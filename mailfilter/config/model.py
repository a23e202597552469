"""The typed configuration: every table, key, default, unit, bound and meaning.

This module is the only place that knows them: the loader, the error messages, the shipped
`etc/mailfilter.toml` and `docs/configuration.md` are made from it. Values only: no I/O here. One
file, since whoever looks for a key looks for it in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal


@dataclass(frozen=True, slots=True)
class Doc:
    """What a key means, for people."""

    text: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Smallest and largest value allowed, in the base unit (seconds, bytes, ...)."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """How the text of a value is read: `duration` ("8s", "5m") or `size` ("50MiB")."""

    name: Literal["duration", "size"]


FormatName = Literal[
    "endpoint",
    "network",
    "address",
    "mailbox",
    "path",
    "umask",
    "peer",
    "field",
    "fingerprint",
    "httpcrypt_key",
    "proxy",
    "dns_server",
]


@dataclass(frozen=True, slots=True)
class Format:
    """What a text is; it is checked when the configuration is read.

    `path` and the path of a unix `endpoint` are made absolute: relative ones start at the folder
    of the configuration file. A `fingerprint` becomes 64 hexadecimal digits in lower case, a key of
    HTTPCrypt the one way to write it.
    """

    name: FormatName


@dataclass(frozen=True, slots=True)
class Secret:
    """Not shown by `mailfilteradm config show`, and a file that sets it must be private."""


@dataclass(frozen=True, slots=True)
class Word:
    """This text is allowed and means `None`."""

    text: str
    is_default: bool = False
    """A `None` that stands there by default means this word, too, rather than nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """A TOML value shown in the generated documents when a key has no default of its own."""

    toml: str


DURATION = Unit("duration")
SIZE = Unit("size")
ENDPOINT = Format("endpoint")
NETWORK = Format("network")
ADDRESS = Format("address")
MAILBOX = Format("mailbox")
PATH = Format("path")
UMASK = Format("umask")
PEER = Format("peer")
FIELD = Format("field")
FINGERPRINT = Format("fingerprint")
HTTPCRYPT_KEY = Format("httpcrypt_key")
PROXY = Format("proxy")
DNS_SERVER = Format("dns_server")
OFF = Word("off")
UNLIMITED = Word("off", is_default=True)
AUTO = Word("auto", is_default=True)
CROWDED = 0.9
"""Part of store.max_size, above which the embedded store removes things before their time."""
FailPolicy = Literal["accept", "tempfail", "reject"]
Protocol = Literal["milter", "scan", "http", "spamd", "controller"]
HeaderStyle = Literal["auto", "rspamd", "strings", "single"]
ClientAuth = Literal["off", "optional", "required"]
EncryptedOnly = Literal["off", "remote", "all"]
ControllerAccess = Literal["none", "read", "write"]
Privacy = Literal["plain", "hashed", "dropped"]
MapKind = Literal["networks", "names", "patterns"]
HeaderName = Literal[
    "add-headers",
    "authentication-results",
    "received-spf",
    "remove-header",
    "remove-headers",
    "remove-spam-flag",
    "spam-header",
    "x-rspamd-action",
    "x-rspamd-pre-result",
    "x-rspamd-queue-id",
    "x-rspamd-server",
    "x-spam-level",
    "x-spam-status",
    "x-spamd-bar",
    "x-spamd-result",
    "x-virus",
]
EXTENDED_HEADERS: tuple[HeaderName, ...] = (
    "x-spamd-result",
    "x-rspamd-server",
    "x-rspamd-queue-id",
    "x-rspamd-action",
)
"""Routines that `HeaderSettings.extended_spam_headers` adds."""

CompositePolicy = Literal["remove_all", "remove_weight", "remove_symbol", "leave"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The processes: a master that owns the sockets, and the workers that scan."""

    workers: Annotated[
        int | None,
        AUTO,
        Bounds(1, 256),
        Doc(
            "Processes that scan; auto is one for each processor that we may use, by affinity;"
            " quotas of cgroups do not count. With 1, one process does everything."
        ),
    ] = None
    user: Annotated[
        str,
        Doc(
            "Who to become once the sockets are bound, by name or number, if started as root;"
            " empty stays as started. Read at the start only."
        ),
        Example('"mailfilter"'),
    ] = ""
    group: Annotated[
        str,
        Doc(
            "The group to become, by name or number; empty is the user's own. Read at the start"
            " only."
        ),
        Example('"mailfilter"'),
    ] = ""
    umask: Annotated[
        str,
        UMASK,
        Doc(
            "Permissions that new files do not get, in octal; empty leaves them. Read at the"
            " start only."
        ),
        Example('"027"'),
    ] = ""
    watchdog: Annotated[
        float,
        DURATION,
        Bounds(0, 3600),
        Doc(
            "A reactor that does not turn for this long is stuck: its stack is logged, and the"
            " worker is killed and replaced; with one process it exits with status 70 for its"
            " supervisor to start it again. 0 is off."
        ),
    ] = 30.0
    worker_memory: Annotated[
        int,
        SIZE,
        Bounds(0, 2**40),
        Doc(
            "A worker whose resident memory is larger is replaced, and ends when its connections"
            " have; with one process it exits with status 70 for its supervisor. 0 is off."
        ),
    ] = 2 * 2**30
    reload_timeout: Annotated[
        float,
        DURATION,
        Bounds(1, 3600),
        Doc("New workers that are not ready after this long are given up; the old ones go on."),
    ] = 60.0
    drain_timeout: Annotated[
        float,
        DURATION,
        Bounds(0, 86400),
        Doc("After a reload, open connections may go on this long in the old workers."),
    ] = 120.0
    stop_timeout: Annotated[
        float,
        DURATION,
        Bounds(0, 3600),
        Doc("When told to stop, messages under way may be finished this long."),
    ] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Where and how to log."""

    format: Annotated[
        Literal["text", "json"], Doc("Lines for people, or one JSON object a line.")
    ] = "text"
    level: Annotated[
        Literal["debug", "info", "warn", "error"], Doc("The least important level written.")
    ] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """How a message is scanned."""

    timeout: Annotated[
        float,
        DURATION,
        Bounds(0.1, 3600),
        Doc("A verdict is given after this long at the latest; keep it below the MTA's own."),
    ] = 8.0
    check_timeout: Annotated[
        float,
        DURATION,
        Bounds(0.01, 3600),
        Doc("What one check may take, unless its own table says otherwise."),
    ] = 4.0
    max_message: Annotated[
        int, SIZE, Bounds(1024, 2**30), Doc("Larger messages are not scanned.")
    ] = 50 * 2**20
    local_networks: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc("Networks of our own; loopback addresses always are."),
    ] = (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "fd00::/8",
        "fe80::/10",
    )
    trusted_relays: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc(
            "Relays of ours, or of others whom we believe, that pass mail on to us: the client of"
            " such mail, for SPF and lists, is whom they have it from by their Received fields."
        ),
        Example('["198.51.100.7"]'),
    ] = ()
    gtube_patterns: Annotated[
        Literal["disabled", "reject", "all"],
        Doc(
            "Which GTUBE test patterns act: none, the one that rejects, or also those for"
            " add header, rewrite subject and no action."
        ),
    ] = "reject"
    max_options: Annotated[
        int, Bounds(1, 10000), Doc("Options kept of one symbol; more are cut off.")
    ] = 100
    trace_header: Annotated[
        str,
        FIELD,
        Doc(
            "Name of a header field with the trace id, by which `mailfilteradm explain` finds the"
            " scan; empty adds none. Fields of that name that senders have put there are removed."
        ),
        Example('"X-Mailfilter-Trace"'),
    ] = ""
    trace_in_reply: Annotated[
        bool,
        Doc(
            "The SMTP reply to a message that is refused or deferred ends with its trace id, as"
            " 'Spam message rejected (trace 0123456789ab)'."
        ),
    ] = False
    check_dir: Annotated[
        str,
        PATH,
        Doc(
            "Directory of Python files with checks of your own; empty is none. Relative paths"
            " start at the folder of the configuration file."
        ),
        Example('"/etc/mailfilter/checks"'),
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """Names and records that are looked up."""

    servers: Annotated[
        tuple[str, ...],
        DNS_SERVER,
        Doc(
            "Resolvers that look up for us: addresses, with a port if it is not 53. Empty are those"
            " of /etc/resolv.conf. Lists of bad clients refuse most public resolvers."
        ),
        Example('["127.0.0.1"]'),
    ] = ()
    timeout: Annotated[
        float, DURATION, Bounds(0.05, 30), Doc("After this long a question is asked again.")
    ] = 1.0
    attempts: Annotated[
        int, Bounds(1, 10), Doc("How often a question is asked, each time of another server.")
    ] = 4
    ports: Annotated[
        int,
        Bounds(1, 256),
        Doc("Source ports of each server from which questions go out; each is changed often."),
    ] = 8
    max_queries: Annotated[
        int, Bounds(1, 10000), Doc("Questions that one message may cause; others are not asked.")
    ] = 64
    max_waiting: Annotated[
        int, Bounds(10, 60000), Doc("Questions under way in one worker; more fail at once.")
    ] = 4000
    cache_size: Annotated[int, Bounds(0, 10_000_000), Doc("Answers that one worker remembers.")] = (
        20_000
    )
    max_ttl: Annotated[
        float, DURATION, Bounds(0, 604800), Doc("No answer is remembered for longer.")
    ] = 86400.0
    max_negative_ttl: Annotated[
        float, DURATION, Bounds(0, 86400), Doc("The same of answers that there is nothing.")
    ] = 900.0
    mixed_case: Annotated[
        bool,
        Doc(
            "Ask in letters of random case, which a forged answer must guess as well; some servers"
            " cannot do that."
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """A Redis server, or those that Sentinel looks after."""

    servers: Annotated[
        tuple[str, ...],
        PEER,
        Doc(
            "The server: HOST:PORT, [ADDRESS]:PORT or the path of a unix socket. With sentinel,"
            " all the sentinels."
        ),
    ] = ("127.0.0.1:6379",)
    sentinel: Annotated[
        str,
        Doc("Name under which the sentinels know the master; empty is without Sentinel."),
        Example('"mymaster"'),
    ] = ""
    username: Annotated[str, Doc("User of the access control list; empty is the default user.")] = (
        ""
    )
    password: Annotated[str, Secret(), Doc("Its password; empty does not log in.")] = ""
    sentinel_username: Annotated[str, Doc("As username, at the sentinels.")] = ""
    sentinel_password: Annotated[str, Secret(), Doc("As password, at the sentinels.")] = ""
    database: Annotated[int, Bounds(0, 65535), Doc("Number of the database.")] = 0
    prefix: Annotated[
        str, Doc("What all our keys and channels begin with; filters of one prefix share all.")
    ] = "mailfilter:"
    tls: Annotated[bool, Doc("Speak TLS, with verification of the certificate.")] = False
    tls_name: Annotated[
        str,
        Doc(
            "Name that the certificate must be for; empty is the host we connect to. To be set"
            " where Sentinel hands out addresses."
        ),
        Example('"redis.example.org"'),
    ] = ""
    tls_ca: Annotated[
        str,
        PATH,
        Doc("File with the certificates of authorities to trust; empty is those of the system."),
        Example('"/etc/mailfilter/redis-ca.pem"'),
    ] = ""
    tls_crl: Annotated[
        tuple[str, ...],
        PATH,
        Doc(
            "Files with lists of revoked certificates (PEM or DER). If there are any, each"
            " authority that has signed a certificate of a chain needs one that is not out of date;"
            " those in tls_ca are believed without."
        ),
        Example('["/etc/mailfilter/redis.crl"]'),
    ] = ()
    tls_pins: Annotated[
        tuple[str, ...],
        FINGERPRINT,
        Doc(
            "SHA-256 fingerprints of certificates or of public keys: the server's must be one of"
            " these, beside all else."
        ),
    ] = ()
    tls_certificate: Annotated[
        str,
        PATH,
        Doc("File with the certificate that we show, and those that it was signed by; PEM."),
        Example('"/etc/mailfilter/redis-client.pem"'),
    ] = ""
    tls_key: Annotated[
        str,
        PATH,
        Doc("File with its private key; empty is the file of the certificate."),
        Example('"/etc/mailfilter/redis-client.key"'),
    ] = ""
    connections: Annotated[
        int, Bounds(1, 64), Doc("Of each worker; calls share them, so that two are plenty.")
    ] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the filter keeps what it must remember."""

    kind: Annotated[
        Literal["embedded", "redis", "memory"],
        Doc(
            "embedded is a file of this machine, redis a server that several machines share;"
            " memory forgets, and is each worker's own."
        ),
    ] = "embedded"
    path: Annotated[
        str,
        PATH,
        Doc("embedded: the file; empty is store.sqlite in the state directory."),
        Example('"/var/lib/mailfilter/store.sqlite"'),
    ] = ""
    max_size: Annotated[
        int, SIZE, Bounds(2**23, 2**44), Doc("embedded: the file does not grow beyond this.")
    ] = 2**30
    timeout: Annotated[
        float,
        DURATION,
        Bounds(0.01, 60),
        Doc("A call that is not answered after this long is given up; keep it below a scan's."),
    ] = 1.0
    redis: Annotated[Redis, Doc("The Redis server.")] = field(default_factory=Redis)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """What is remembered of the messages that were scanned, for `mailfilteradm history`."""

    enabled: Annotated[bool, Doc("Off remembers nothing.")] = True
    rows: Annotated[int, Bounds(1, 10**6), Doc("Messages remembered at most.")] = 10_000
    age: Annotated[
        float, DURATION, Bounds(60, 10 * 365 * 86400.0), Doc("They are forgotten after this long.")
    ] = 30 * 86400.0
    size: Annotated[
        int, SIZE, Bounds(2**16, 2**40), Doc("What they may take together, with their traces.")
    ] = 256 * 2**20
    subject: Annotated[
        Privacy,
        Doc(
            "How subjects are kept: as they are, as a hash, or not at all. What symbols and traces"
            " quote of mail is kept by the stricter of this and addresses."
        ),
    ] = "plain"
    addresses: Annotated[
        Privacy,
        Doc(
            "How senders, recipients, names of users and of clients, and message ids are kept; the"
            " client's address and the queue id always are. Hashed ones can be searched for."
        ),
    ] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Scores at which an action is taken; an action without a threshold is left out."""

    greylist: Annotated[float | None, OFF, Doc("Ask for greylisting.")] = 4.0
    add_header: Annotated[float | None, OFF, Doc("Mark the message as spam.")] = 6.0
    rewrite_subject: Annotated[
        float | None, OFF, Doc("Mark the message in its subject."), Example("8.0")
    ] = None
    reject: Annotated[float | None, OFF, Doc("Refuse the message.")] = 15.0
    subject: Annotated[
        str,
        Doc("The rewritten subject: %s is the old one, %d the score, %% a percent sign."),
    ] = "*** SPAM *** %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is said of a message where no check says anything of its own.

    A line break in a text makes lines of the reply.
    """

    reject: Annotated[
        str,
        Doc("SMTP reply to a message that is refused; it may begin with codes, as '550 5.7.1 '."),
    ] = "Spam message rejected"
    soft_reject: Annotated[
        str,
        Doc("SMTP reply to a message that is deferred; it may begin with codes, as '450 4.7.1 '."),
    ] = "Try again later"
    quarantine: Annotated[
        str,
        Doc(
            "Reason for the MTA to keep with a message in quarantine; Postfix has no place for it."
        ),
    ] = "Spam message quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of symbols."""

    max_score: Annotated[
        float | None,
        OFF,
        Bounds(0, None),
        Doc("The symbols of the group add at most this to the score."),
        Example("8.0"),
    ] = None
    description: Annotated[str, Doc("For people.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSettings:
    """Changes to a symbol that a check declares."""

    score: Annotated[float | None, Doc("Score in place of the built-in one."), Example("2.0")] = (
        None
    )
    group: Annotated[str | None, Doc("Group in place of the built-in one."), Example('"local"')] = (
        None
    )
    description: Annotated[
        str | None, Doc("Description in place of the built-in one."), Example('"our own words"')
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A symbol that fires on an expression over other symbols.

    One with the name of a composite that comes with the filter takes its place.
    """

    expression: Annotated[
        str,
        Doc(
            "Symbols and groups (g:NAME, g+:NAME, g-:NAME) joined by & | ! and parentheses; a"
            " symbol may be marked ~ (take the symbol away, keep its score) or - (keep both)"
            " or ^ (take both, whatever others say). One that is switched off needs none."
        ),
        Example('"MISSING_FROM & MISSING_DATE"'),
    ] = ""
    score: Annotated[float, Doc("Score of the composite.")] = 0.0
    policy: Annotated[
        CompositePolicy, Doc("What happens to the parts: both go, or score, or symbol, or none.")
    ] = "remove_all"
    group: Annotated[str, Doc("Group of the composite.")] = "composite"
    description: Annotated[str, Doc("For people.")] = ""
    enabled: Annotated[bool, Doc("Off takes the composite out.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileActions:
    """Thresholds that a profile changes; those left out stay as they are.

    Together with those of [actions] that stay, they must be in order.
    """

    greylist: Annotated[float | None, Doc("As in [actions]."), Example("5.0")] = None
    add_header: Annotated[float | None, Doc("As in [actions]."), Example("7.0")] = None
    rewrite_subject: Annotated[float | None, Doc("As in [actions]."), Example("9.0")] = None
    reject: Annotated[float | None, Doc("As in [actions]."), Example("20.0")] = None
    off: Annotated[
        tuple[Literal["greylist", "add_header", "rewrite_subject", "reject"], ...],
        Doc("Thresholds taken away; such a one cannot be set here, too."),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTexts:
    """Texts that a profile changes; those left out stay as they are."""

    reject: Annotated[str | None, Doc("As in [texts]."), Example('"550 5.7.1 not here"')] = None
    soft_reject: Annotated[str | None, Doc("As in [texts]."), Example('"come again"')] = None
    quarantine: Annotated[str | None, Doc("As in [texts]."), Example('"held back"')] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Settings for some messages: all conditions that are given must hold.

    Of several profiles that match, each is applied in order of priority, lowest first, so that
    the highest has the last word. A profile without conditions applies when a client names it.
    """

    priority: Annotated[int, Doc("Higher wins; equal ones apply in order of their names.")] = 0
    networks: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc("The client's address is in one of these networks."),
        Example('["10.0.0.0/8", "2001:db8::/32"]'),
    ] = ()
    listeners: Annotated[tuple[str, ...], Doc("The message came by one of these listeners.")] = ()
    authenticated: Annotated[
        bool | None, Doc("The client has (or has not) logged in."), Example("true")
    ] = None
    users: Annotated[tuple[str, ...], Doc("The client has logged in by one of these names.")] = ()
    senders: Annotated[
        tuple[str, ...],
        MAILBOX,
        Doc("Envelope sender: an address, @domain, or an empty text for the null sender."),
        Example('["@example.org"]'),
    ] = ()
    recipients: Annotated[
        tuple[str, ...],
        MAILBOX,
        Doc(
            "Every envelope recipient is one of these: an address, or @domain. If the client names"
            " the one mailbox that it delivers to (Deliver-To), that one."
        ),
        Example('["postmaster@example.org"]'),
    ] = ()
    mta_tags: Annotated[
        tuple[str, ...],
        Doc("The client says one of these tags (header MTA-Tag)."),
        Example('["submission"]'),
    ] = ()
    identities: Annotated[
        tuple[str, ...],
        Doc("The other side has shown the certificate of one of these [identities]."),
    ] = ()
    skip: Annotated[bool, Doc("Such messages are not scanned.")] = False
    disable: Annotated[tuple[str, ...], Doc("Names of checks that do not run.")] = ()
    disable_groups: Annotated[tuple[str, ...], Doc("Groups whose symbols do not count.")] = ()
    symbols: Annotated[
        Mapping[str, float],
        Doc("Scores in place of the usual ones."),
        Example("{ MISSING_TO = 0.5 }"),
    ] = field(default_factory=dict)
    actions: Annotated[ProfileActions, Doc("Thresholds in place of the usual ones.")] = field(
        default_factory=ProfileActions
    )
    texts: Annotated[ProfileTexts, Doc("Texts in place of the usual ones.")] = field(
        default_factory=ProfileTexts
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSettings:
    """Header fields that are added and removed: the routines of Rspamd's milter_headers.

    `docs/headers.md` tells what each writes. Fields of its name that others have put there are
    removed by every routine in use, also from mail to which it adds none.
    """

    use: Annotated[tuple[HeaderName, ...], Doc("The routines that run.")] = ()
    extended_spam_headers: Annotated[
        bool,
        Doc("Also x-spamd-result, x-rspamd-server, x-rspamd-queue-id and x-rspamd-action."),
    ] = False
    remove_upstream_spam_flag: Annotated[
        bool, Doc("Take away fields X-Spam that others have put there.")
    ] = True
    skip_local: Annotated[bool, Doc("Mail from scan.local_networks gets only local_headers.")] = (
        True
    )
    skip_authenticated: Annotated[
        bool, Doc("Mail of clients that have logged in gets only authenticated_headers.")
    ] = True
    local_headers: Annotated[
        tuple[HeaderName, ...], Doc("Routines of use that also run for local mail.")
    ] = ()
    authenticated_headers: Annotated[
        tuple[HeaderName, ...], Doc("Routines of use that also run for clients logged in.")
    ] = ()
    position: Annotated[
        Literal["top", "bottom"],
        Doc(
            "Where fields go: top is below the MTA's own Received. Authentication-Results and"
            " Received-SPF always go there."
        ),
    ] = "bottom"
    authserv_id: Annotated[
        str,
        Doc(
            "Our name in Authentication-Results and Received-SPF; empty is the MTA's host name, as"
            " it tells us, or this machine's. Authentication-Results of that name that others have"
            " put there are removed."
        ),
        Example('"mx.example.org"'),
    ] = ""
    names: Annotated[
        Mapping[str, Annotated[str, FIELD]],
        Doc("Names of fields in place of the usual ones, by routine."),
        Example('{ x-spamd-bar = "X-Bar" }'),
    ] = field(default_factory=dict)
    keep: Annotated[
        tuple[HeaderName, ...],
        Doc(
            "Routines that leave fields of their name alone which others have put there; all"
            " others take them away first."
        ),
    ] = ()
    spam_value: Annotated[str, Doc("spam-header: what Deliver-To says of spam.")] = "Junk"
    bar_positive: Annotated[str, Doc("x-spamd-bar: for each whole point above 0.")] = "+"
    bar_negative: Annotated[str, Doc("x-spamd-bar: for each whole point below 0.")] = "-"
    bar_neutral: Annotated[str, Doc("x-spamd-bar: between -1 and 1.")] = "/"
    level_char: Annotated[str, Doc("x-spam-level: for each whole point.")] = "*"
    result_order: Annotated[
        Literal["score", "name"], Doc("x-spamd-result: the order of the symbols.")
    ] = "score"
    server_name: Annotated[str, Doc("x-rspamd-server: empty is this machine's name.")] = ""
    virus_symbols: Annotated[
        tuple[str, ...], Doc("x-virus: symbols that say that there is one.")
    ] = ()
    virus_fail_symbols: Annotated[
        tuple[str, ...], Doc("x-virus: symbols that say that nobody could look.")
    ] = ()
    virus_clean: Annotated[
        str, Doc("x-virus: said where there is none; empty says nothing then.")
    ] = ""
    virus_infected: Annotated[str, Doc("x-virus: said before the names of viruses.")] = ""
    virus_fail: Annotated[
        str, Doc("x-virus: said before the reason where nobody could look; empty says nothing.")
    ] = ""
    add: Annotated[
        Mapping[str, str],
        Doc("add-headers: names and values."),
        Example('{ X-Filtered-By = "mailfilter" }'),
    ] = field(default_factory=dict)
    remove: Annotated[
        Mapping[str, Annotated[int, Bounds(-127, 127)]],
        Doc(
            "remove-header and remove-headers: names, and which fields of each: 0 all, n the"
            " n-th, -1 the last."
        ),
        Example("{ X-Old = 0 }"),
    ] = field(default_factory=dict)

    def routines(self) -> tuple[HeaderName, ...]:
        """The routines that run, each once, in the order in which they write."""
        routines: list[HeaderName] = [*self.use]
        if self.extended_spam_headers:
            routines += EXTENDED_HEADERS
        if "x-spamd-result" in routines:
            routines.append("x-rspamd-pre-result")
        if self.remove_upstream_spam_flag:
            routines.append("remove-spam-flag")
        return tuple(dict.fromkeys(routines))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """One check."""

    enabled: Annotated[bool, Doc("Off never runs it.")] = True
    timeout: Annotated[
        float | None,
        DURATION,
        Bounds(0.01, 3600),
        Doc("What this check may take, in place of scan.check_timeout."),
        Example('"2s"'),
    ] = None
    options: Annotated[Mapping[str, object], Doc("Options of the check itself; see its page.")] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Connections with TLS, of all listeners."""

    handshake_timeout: Annotated[
        float,
        DURATION,
        Bounds(0.5, 120),
        Doc("A handshake must be complete this long after a connection was accepted."),
    ] = 10.0
    max_handshakes: Annotated[
        int,
        Bounds(1, 100000),
        Doc(
            "Handshakes under way at once, of one listener in one worker. For one more the oldest"
            " one of the address (of IPv6 the /64) that has most of them is given up, or where none"
            " has more than others the oldest of all, if it is over a second old; else the new one"
            " is refused."
        ),
    ] = 500
    watch: Annotated[
        float,
        DURATION,
        Bounds(0, 86400),
        Doc(
            "How often it is looked whether files of [certificates], [keypairs], client_ca and"
            " client_crl have changed, and those of [signing] and [signing_keys]; what has is used"
            " for new connections, keypairs for new requests, keys that sign for mail from then"
            " on. 0 looks at a reload alone."
        ),
    ] = 10.0
    warn_before: Annotated[
        float,
        DURATION,
        Bounds(0, 365 * 86400.0),
        Doc(
            "An alarm is raised, once a day, for what expires within this time; for lists of"
            " revoked certificates and answers of OCSP in the last quarter of their life at most."
        ),
    ] = 14 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of ours, with its key: what we show to those who connect by TLS."""

    chain: Annotated[
        str,
        PATH,
        Doc("File with the certificate and then those that it was signed by, without the root."),
        Example('"/etc/mailfilter/tls/mx.pem"'),
    ]
    key: Annotated[
        str,
        PATH,
        Doc("File with its private key, unencrypted; empty is the file of the chain."),
        Example('"/etc/mailfilter/tls/mx.key"'),
    ] = ""
    ocsp: Annotated[
        str,
        PATH,
        Doc(
            "File with an answer of its authority that it is not revoked (OCSP, DER), which is"
            " shown with it to those who ask; other programs fetch it. Empty shows none."
        ),
        Example('"/etc/mailfilter/tls/mx.ocsp"'),
    ] = ""
    names: Annotated[
        tuple[str, ...],
        Doc(
            "Names by which clients ask for it (SNI), where a listener has several; *.NAME is any"
            " one label. Empty are those in the certificate."
        ),
        Example('["mx.example.org"]'),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypair:
    """Keys of HTTPCrypt by which those who connect know us: they are given the public one."""

    file: Annotated[
        str,
        PATH,
        Doc(
            "File with both keys, which others cannot read: as mailfilteradm keypair writes it, or"
            " rspamadm keypair."
        ),
        Example('"/etc/mailfilter/keys/front.key"'),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who connects by TLS and shows a certificate; one of what is listed must fit it.

    The certificate must be of an authority in the listener's client_ca, unless it is listed here
    by a fingerprint. Or somebody who asks by HTTPCrypt with a key of their own, or through a proxy
    that has looked at the certificate.
    """

    dns: Annotated[
        tuple[str, ...],
        Doc("DNS names in its subject alternative names; *.NAME is any one label before NAME."),
        Example('["mx1.example.net"]'),
    ] = ()
    ip: Annotated[
        tuple[str, ...], ADDRESS, Doc("IP addresses in them."), Example('["192.0.2.1"]')
    ] = ()
    uri: Annotated[
        tuple[str, ...],
        Doc("URIs in them, in full."),
        Example('["spiffe://example.net/mx1"]'),
    ] = ()
    email: Annotated[
        tuple[str, ...],
        MAILBOX,
        Doc("Mail addresses in them, or @domain for all of a domain."),
        Example('["postmaster@example.net"]'),
    ] = ()
    fingerprints: Annotated[
        tuple[str, ...],
        FINGERPRINT,
        Doc("SHA-256 of the certificate, in hexadecimal digits, colons or not."),
    ] = ()
    public_keys: Annotated[
        tuple[str, ...],
        FINGERPRINT,
        Doc("SHA-256 of its public key (SubjectPublicKeyInfo), which outlives a renewal."),
    ] = ()
    httpcrypt_keys: Annotated[
        tuple[str, ...],
        HTTPCRYPT_KEY,
        Doc("Public keys of HTTPCrypt, where a listener has client_keys."),
        Example('["jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y"]'),
    ] = ()
    proxy_names: Annotated[
        tuple[str, ...],
        Doc(
            "Common names of certificates that a proxy in a listener's proxy_protocol has verified"
            " and tells of in its PROXY header."
        ),
        Example('["mx1.example.net"]'),
    ] = ()
    any_certificate: Annotated[
        bool, Doc("Any certificate of client_ca that fits no other identity.")
    ] = False
    trusted: Annotated[
        bool,
        Doc(
            "Whether what it says of its client is believed (address, login, settings, ...), if"
            " trusted is on at the listener. Its network is then not asked for."
        ),
    ] = False
    controller: Annotated[
        ControllerAccess,
        Doc(
            "What it may do without a password at a listener that serves the controller; it has no"
            " effect at any other."
        ),
    ] = "none"
    profile: Annotated[
        str,
        Doc("A profile without conditions that applies to all messages that come from it."),
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A list of networks, names or patterns that checks look things up in."""

    kind: Annotated[
        MapKind,
        Doc(
            "networks are addresses and networks; names are domains, mailboxes or words,"
            " '.example.org' is the domain and all below it; patterns are regular expressions,"
            " as /spam/i."
        ),
        Example('"names"'),
    ]
    file: Annotated[
        str,
        PATH,
        Doc("The file, one entry a line; what follows the entry is its value, # begins a comment."),
        Example('"/etc/mailfilter/maps/partners.map"'),
    ]
    description: Annotated[str, Doc("For people.")] = ""
    editable: Annotated[
        bool, Doc("Whether those who may change things over a controller may change it.")
    ] = True
    max_size: Annotated[
        int,
        SIZE,
        Bounds(1, 32 * 2**20),
        Doc("A larger file is not taken, the old map goes on; all maps together: 32MiB."),
    ] = 4 * 2**20
    watch: Annotated[
        float,
        DURATION,
        Bounds(0, 86400),
        Doc(
            "How often the file is looked at for changes; what cannot be used is told, and the old"
            " map goes on. 0 looks at reloads alone."
        ),
    ] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who may look at the filter over HTTP, who may change it, and how.

    Holds for all listeners with protocol = "controller". While no password is set, clients on this
    machine need none, unless a proxy has passed their request on; all others are refused.
    """

    password: Annotated[
        str,
        Secret(),
        Doc(
            "Lets its bearer look, and also change things if there is no enable_password. A hash"
            " ($1$ and $2$ of rspamadm pw, $scrypt$) or the password itself; empty is none."
        ),
    ] = ""
    enable_password: Annotated[
        str, Secret(), Doc("Lets its bearer look and change things; as password.")
    ] = ""
    secure_ip: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc(
            "Networks whose clients may look and change things without a password. A proxy in one"
            " of them does not lend that to others: see trusted_proxies."
        ),
        Example('["10.0.0.0/24"]'),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc(
            "Proxies whose X-Forwarded-For or X-Real-IP is believed. From anybody else such a"
            " header makes its request one of an unknown client, who needs a password."
        ),
        Example('["127.0.0.1", "::1"]'),
    ] = ()
    hosts: Annotated[
        tuple[str, ...],
        Doc(
            "Names under which browsers reach us, beside localhost, addresses and this machine's"
            " name. Under others nobody is let in without a password: a page elsewhere may have"
            " had its name pointed at us."
        ),
        Example('["filter.example.org"]'),
    ] = ()
    max_auth_failures: Annotated[
        int,
        Bounds(1, 1000),
        Doc("Wrong passwords from one address within auth_failure_window, until it must wait."),
    ] = 10
    auth_failure_window: Annotated[
        float,
        DURATION,
        Bounds(1, 86400),
        Doc("See max_auth_failures; whoever goes on failing waits twice as long each time."),
    ] = 60.0
    static_dir: Annotated[
        str,
        PATH,
        Doc(
            "Directory of another web interface, such as Rspamd's, to serve at / in place of ours,"
            " which is then at /web/ alone; empty is none."
        ),
        Example('"/usr/share/rspamd/www"'),
    ] = ""
    neighbours: Annotated[
        Mapping[str, str],
        Doc("Other filters that the web interface of Rspamd may show: names and addresses."),
        Example('{ mx2 = "http://mx2.example.org:11334/" }'),
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A socket, and the protocol spoken on it."""

    protocol: Annotated[
        Protocol,
        Doc(
            "milter for MTAs; http for the Rspamd scan API; spamd for the lines of spamc and Exim;"
            " scan for http and spamd, told apart by the first line; controller for the Rspamd"
            " controller API, scans and the web interface."
        ),
    ]
    endpoint: Annotated[
        str,
        ENDPOINT,
        Doc(
            "A Twisted endpoint: 'tcp:11332:interface=127.0.0.1', 'tcp6:11332:interface=\\:\\:1',"
            " 'unix:/run/mailfilter/milter.sock:mode=660:group=postfix',"
            " 'systemd:domain=INET:name=milter'."
        ),
    ]
    enabled: Annotated[bool, Doc("Off does not listen.")] = True
    trusted: Annotated[
        bool,
        Doc(
            "Whether to believe what the other side says of its client. Off takes no login name,"
            " certificate or profile from it, no address of scan.local_networks, no name for"
            " Authentication-Results, and no wish not to scan, not to log, or to take it for text."
        ),
    ] = True
    trusted_peers: Annotated[
        tuple[str, ...],
        NETWORK,
        Doc(
            "all but milter: networks whose clients are believed, if trusted is on, beside those"
            " on this machine. Of anybody else no address, host name or settings are taken either."
        ),
        Example('["10.0.0.0/24"]'),
    ] = ()
    certificates: Annotated[
        tuple[str, ...],
        Doc(
            "Names of [certificates] of ours: who connects must then speak TLS from the first"
            " octet. Clients choose by name (SNI); the first is for those who do not. Empty is"
            " without TLS."
        ),
        Example('["mx"]'),
    ] = ()
    client_auth: Annotated[
        ClientAuth,
        Doc(
            "Whether clients must show a certificate by which they are one of [identities];"
            " optional also takes those that show none, or one of client_ca that is nobody's, as"
            " strangers, whom milter believes from this machine alone."
        ),
    ] = "off"
    client_ca: Annotated[
        str,
        PATH,
        Doc("File with the authorities whose certificates clients may show; PEM."),
        Example('"/etc/mailfilter/tls/clients-ca.pem"'),
    ] = ""
    client_crl: Annotated[
        tuple[str, ...],
        PATH,
        Doc(
            "Files with lists of revoked certificates of clients (PEM or DER). If there are any,"
            " each authority that has signed a certificate of a chain needs one that is not out of"
            " date; those in client_ca are believed without."
        ),
        Example('["/etc/mailfilter/tls/clients.crl"]'),
    ] = ()
    client_usage: Annotated[
        Literal["strict", "any"],
        Doc(
            "strict takes certificates only that say they are for clients (extended key usage"
            " clientAuth); any also takes those that do not say what they are for."
        ),
    ] = "strict"
    identities: Annotated[
        tuple[str, ...],
        Doc("Names of the [identities] that may connect; empty is all."),
        Example('["mx1"]'),
    ] = ()
    keypairs: Annotated[
        tuple[str, ...],
        Doc(
            "scan, http, controller: names of [keypairs] of ours, to any of which clients may"
            " encrypt their requests (HTTPCrypt); several while one takes the place of another."
        ),
        Example('["front"]'),
    ] = ()
    encrypted_only: Annotated[
        EncryptedOnly,
        Doc(
            "Whether requests that are not encrypted to one of keypairs are refused: remote does so"
            " but to clients on this machine, all to everybody."
        ),
    ] = "off"
    client_keys: Annotated[
        ClientAuth,
        Doc(
            "Whether clients of HTTPCrypt must use a key by which they are one of [identities];"
            " optional takes those with other keys as strangers, off looks at no keys."
        ),
    ] = "off"
    proxy_protocol: Annotated[
        tuple[str, ...],
        PROXY,
        Doc(
            "Networks of proxies whose connections must begin with a PROXY header (version 1 or 2),"
            " which says where the client is; 'unix' is whoever may connect to a unix socket. From"
            " all others such a header is an error."
        ),
        Example('["10.0.0.5"]'),
    ] = ()
    cert_issuer: Annotated[
        str,
        Doc(
            "milter: a client whose verified certificate is of this issuer counts as logged in by"
            " the subject's name; both as the MTA spells them. Empty trusts none."
        ),
        Example('"Example Mail CA"'),
    ] = ""
    on_reject: Annotated[
        Literal["reject", "discard", "quarantine"],
        Doc(
            "milter: what becomes of a message that is to be refused; discard accepts and drops"
            " it, quarantine has the MTA hold it."
        ),
    ] = "reject"
    no_action: Annotated[
        bool,
        Doc(
            "milter: accept every message that was scanned, and name the action in a field"
            " X-Rspamd-Action: to look on before the filter is let loose."
        ),
    ] = False
    spam_header: Annotated[
        str,
        FIELD,
        Doc(
            "milter, scan, spamd: the field that the action 'add header' sets to 'Yes'; with lines"
            " also the stronger actions do, which spamc does not know."
        ),
    ] = "X-Spam"
    on_failure: Annotated[
        FailPolicy,
        Doc("What the MTA is told when a message cannot be scanned, or not within the deadline."),
    ] = "tempfail"
    deadline: Annotated[
        float,
        DURATION,
        Bounds(1, 600),
        Doc(
            "A scan without a verdict after this long is given up, and on_failure holds. Keep it"
            " above scan.timeout and below the MTA's own limit."
        ),
    ] = 30.0
    oversize: Annotated[
        FailPolicy,
        Doc(
            "What to do with a message over scan.max_message; accept adds a field, but over HTTP"
            " it answers 413, at which most clients deliver."
        ),
    ] = "accept"
    header_style: Annotated[
        HeaderStyle,
        Doc(
            "scan, http, controller: the form of header fields in replies. rspamd is that of"
            " Rspamd, strings what opensmtpd-filter-rspamd reads, single what rspamdclient-rs"
            " reads; auto tells the clients apart by their requests."
        ),
    ] = "auto"
    classic_actions: Annotated[
        bool,
        Doc(
            "scan, http, controller: tell discard as reject, and quarantine as add header, for"
            " clients that know the six classic actions alone, such as Apache James."
        ),
    ] = False
    local_files: Annotated[
        bool,
        Doc(
            "scan, http, controller: on a unix socket, let clients name a file or shared memory"
            " (headers File, Path, Shm) in place of sending the message. Whoever may write to the"
            " socket then reads what the filter may read."
        ),
    ] = False
    learns: Annotated[
        bool,
        Doc(
            "scan, spamd: with learning.enabled, learn and forget messages by TELL (spamc -L) of"
            " those who are believed. Whoever may connect then says what is spam."
        ),
    ] = False
    idle_timeout: Annotated[
        float | None,
        DURATION,
        AUTO,
        Bounds(1, 86400),
        Doc(
            "A connection on which nothing comes for this long is closed; auto is 2h for milter,"
            " as Sendmail's clients may be silent for an hour between two commands, and else 10m."
        ),
    ] = None
    request_timeout: Annotated[
        float,
        DURATION,
        Bounds(1, 3600),
        Doc("all but milter: a request must be complete this long after its first byte."),
    ] = 60.0
    max_connections: Annotated[
        int,
        Bounds(1, 1000000),
        Doc(
            "Of each worker: more are accepted and closed at once. Each may hold a message of"
            " scan.max_message in memory, even if it came packed to a few KiB."
        ),
    ] = 10000
    max_connections_per_source: Annotated[
        int | None,
        UNLIMITED,
        Bounds(1, 1000000),
        Doc("The same for one address, or one /64 of IPv6."),
    ] = None


def default_listeners() -> Mapping[str, Listener]:
    """The listeners of a filter without configuration, all on loopback."""
    return {
        "milter": Listener(protocol="milter", endpoint="tcp:11332:interface=127.0.0.1"),
        "scan": Listener(protocol="scan", endpoint="tcp:11333:interface=127.0.0.1"),
        "spamd": Listener(protocol="spamd", endpoint="tcp:11783:interface=127.0.0.1"),
        "controller": Listener(protocol="controller", endpoint="tcp:11334:interface=127.0.0.1"),
    }


def default_groups() -> Mapping[str, Group]:
    """Group caps of Rspamd (defaults.md), and of our own groups: what honest advertisements say as
    well (wording), and how they are built (structure), is not enough for a header.
    """
    return {
        "headers": Group(max_score=8.0),
        "subject": Group(max_score=6.0),
        "mime_types": Group(max_score=10.0),
        "wording": Group(max_score=4.0),
        "structure": Group(max_score=5.0),
        "fraud": Group(max_score=9.0),
        "adult": Group(max_score=8.0),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Rules: expressions and small functions that make a symbol each."""

    built_in: Annotated[
        bool, Doc("The rules and composites that come with the filter are used.")
    ] = True
    dirs: Annotated[
        tuple[str, ...],
        PATH,
        Doc(
            "Directories with rules of your own, in files NAME.toml and NAME.py. One with the"
            " symbol of a rule that comes with the filter takes its place."
        ),
        Example('["/etc/mailfilter/rules.d"]'),
    ] = ()
    cache: Annotated[
        bool,
        Doc(
            "What rules are compiled to is kept in the state directory, so that a start need not"
            " compile what has not changed."
        ),
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What the filter learns of messages that it is shown as spam and as ham."""

    enabled: Annotated[
        bool,
        Doc(
            "Messages can be learned, and are judged by what was learned: the check `classifier`"
            " says from when on. The table of it, 16 MiB, is in the state directory."
        ),
    ] = False
    machine: Annotated[
        str,
        Doc(
            "Name of this machine among all that learn by the same Redis; the host name if it is"
            " empty."
        ),
        Example('"mx1"'),
    ] = ""
    max_per_hour: Annotated[
        int,
        Bounds(0, 1_000_000),
        Doc(
            "Messages that one source may teach or have forgotten in an hour, of all machines"
            " together; 0 is no limit. More are refused. A source is who has shown who it is, else"
            " an address: all on one machine are one."
        ),
    ] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Where keys of ours are by which mail is signed (DKIM, ARC), beside [signing_keys]."""

    folders: Annotated[
        tuple[str, ...],
        PATH,
        Doc(
            "Folders with keys in files named DOMAIN.SELECTOR.key, such as those of Rspamd's"
            " dkim_signing."
        ),
        Example('["/var/lib/rspamd/dkim"]'),
    ] = ()
    maps: Annotated[
        tuple[str, ...],
        PATH,
        Doc(
            "Files with a key in each line: domain, selector, and the path of a file (relative to"
            " the folder of the map) or the key itself in base64. Others must not be able to read"
            " those with keys in them."
        ),
        Example('["/etc/mailfilter/dkim.map"]'),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key of ours by which mail is signed (DKIM, ARC); its public half is published in DNS."""

    domain: Annotated[str, Doc("The domain that signs with it."), Example('"example.org"')]
    selector: Annotated[
        str, Doc("Its name: the public key is at SELECTOR._domainkey.DOMAIN."), Example('"2026"')
    ]
    file: Annotated[
        str,
        PATH,
        Doc(
            "File with the private key, RSA or Ed25519, which others cannot read: PEM, or base64 as"
            " of rspamadm dkim_keygen."
        ),
        Example('"/etc/mailfilter/dkim/example.org.2026.key"'),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcReports:
    """Aggregate reports of DMARC: what is remembered for them, and how they are sent."""

    enabled: Annotated[
        bool,
        Doc("Remember results for domains that ask for reports; mailfilteradm sends these."),
    ] = False
    organization: Annotated[
        str, Doc("Who reports, as those who read reports are told."), Example('"Example Org"')
    ] = ""
    address: Annotated[
        str,
        MAILBOX,
        Doc("Sender of the reports, and whom to ask about them."),
        Example('"dmarc-reports@example.org"'),
    ] = ""
    contact: Annotated[
        str, Doc("More about whom to ask, such as a web page."), Example('"https://example.org/"')
    ] = ""
    bcc: Annotated[tuple[str, ...], MAILBOX, Doc("Who else gets each report.")] = ()
    skip_domains: Annotated[
        tuple[str, ...], Doc("Domains, and all below them, that get no reports.")
    ] = ()
    report_spam_only: Annotated[
        bool, Doc("Also report to domains of which no message of the day was accepted.")
    ] = False
    max_rows: Annotated[
        int, Bounds(1, 20_000), Doc("Different rows remembered for a domain and a day.")
    ] = 1000
    max_domains: Annotated[
        int, Bounds(1, 100_000), Doc("Domains remembered for a day; others get no report.")
    ] = 5000
    keep: Annotated[
        float, DURATION, Bounds(86400, 30 * 86400), Doc("How long a day is remembered after it.")
    ] = 3 * 86400.0
    smtp_host: Annotated[str, Doc("The MTA that takes reports.")] = "127.0.0.1"
    smtp_port: Annotated[int, Bounds(1, 65535), Doc("Its port.")] = 25
    smtp_starttls: Annotated[
        bool, Doc("Send by TLS or not at all; the certificate of smtp_host is verified.")
    ] = False
    smtp_ca: Annotated[
        str,
        PATH,
        Doc("File with the certificates of authorities to trust; empty is those of the system."),
        Example('"/etc/mailfilter/mta-ca.pem"'),
    ] = ""
    helo: Annotated[str, Doc("How we name ourselves to it; empty is this machine's name.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration."""

    server: Annotated[Server, Doc("The processes.")] = field(default_factory=Server)
    log: Annotated[Log, Doc("Logging.")] = field(default_factory=Log)
    scan: Annotated[Scan, Doc("Scanning.")] = field(default_factory=Scan)
    actions: Annotated[Actions, Doc("Thresholds.")] = field(default_factory=Actions)
    texts: Annotated[Texts, Doc("What is said of messages.")] = field(default_factory=Texts)
    headers: Annotated[HeaderSettings, Doc("Fields added and removed.")] = field(
        default_factory=HeaderSettings
    )
    dns: Annotated[Dns, Doc("Names that are looked up.")] = field(default_factory=Dns)
    store: Annotated[StoreSettings, Doc("What is remembered.")] = field(
        default_factory=StoreSettings
    )
    history: Annotated[HistorySettings, Doc("The messages scanned.")] = field(
        default_factory=HistorySettings
    )
    groups: Annotated[Mapping[str, Group], Doc("Groups of symbols.")] = field(
        default_factory=default_groups
    )
    symbols: Annotated[Mapping[str, SymbolSettings], Doc("Symbols.")] = field(default_factory=dict)
    composites: Annotated[Mapping[str, Composite], Doc("Composites.")] = field(default_factory=dict)
    profiles: Annotated[Mapping[str, Profile], Doc("Profiles.")] = field(default_factory=dict)
    checks: Annotated[Mapping[str, CheckSettings], Doc("Checks.")] = field(default_factory=dict)
    rules: Annotated[RuleSettings, Doc("Rules.")] = field(default_factory=RuleSettings)
    learning: Annotated[Learning, Doc("Learning.")] = field(default_factory=Learning)
    tls: Annotated[Tls, Doc("TLS.")] = field(default_factory=Tls)
    certificates: Annotated[Mapping[str, Certificate], Doc("Certificates of ours.")] = field(
        default_factory=dict
    )
    keypairs: Annotated[Mapping[str, Keypair], Doc("Keys of ours for HTTPCrypt.")] = field(
        default_factory=dict
    )
    identities: Annotated[Mapping[str, Identity], Doc("Who is known, and by what.")] = field(
        default_factory=dict
    )
    maps: Annotated[Mapping[str, Map], Doc("Lists that checks look things up in.")] = field(
        default_factory=dict
    )
    signing: Annotated[Signing, Doc("Where keys are that sign mail.")] = field(
        default_factory=Signing
    )
    signing_keys: Annotated[Mapping[str, SigningKey], Doc("Keys that sign mail.")] = field(
        default_factory=dict
    )
    dmarc_reports: Annotated[DmarcReports, Doc("Aggregate reports of DMARC.")] = field(
        default_factory=DmarcReports
    )
    controller: Annotated[Controller, Doc("The controller and the web interface.")] = field(
        default_factory=Controller
    )
    listeners: Annotated[Mapping[str, Listener], Doc("Listeners.")] = field(
        default_factory=default_listeners
    )
