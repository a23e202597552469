"""The built-in checks. One module each; the list below is all there is to registering one."""

from ..scan.check import Check
from .anomalies import Anomalies
from .arc import Arc
from .arc_sealing import ArcSealing
from .archive_programs import ArchivePrograms
from .archives import Archives
from .bare_dot_line import BareDotLine
from .base64_text import Base64Text
from .bitcoin_address import BitcoinAddress
from .bounce import Bounce
from .broken_content_type import BrokenContentType
from .broken_headers import BrokenHeaders
from .classifier import Classifier
from .client_name import ClientName
from .cte_7bit import Cte7bit
from .dates import Dates
from .dkim import Dkim
from .dkim_signing import DkimSigning
from .dmarc import Dmarc
from .envelope_sender import EnvelopeSender
from .essential_headers import EssentialHeaders
from .forwarding import Forwarding
from .freemail import Freemail
from .from_envfrom import FromEnvfrom
from .from_name import FromName
from .from_valid import FromValid
from .gtube import Gtube
from .has_attachment import HasAttachment
from .helo import Helo
from .helo_user import HeloUser
from .html_data_uri import HtmlDataUri
from .html_few_words import HtmlFewWords
from .html_hidden import HtmlHidden
from .html_images import HtmlImages
from .html_links import HtmlLinks
from .html_only import HtmlOnly
from .html_people import HtmlPeople
from .html_refresh import HtmlRefresh
from .html_stylesheet import HtmlStylesheet
from .long_subject import LongSubject
from .magic import Magic
from .mailer_message_id import MailerMessageId
from .mailing_list import MailingList
from .message_id_form import MessageIdForm
from .message_id_people import MessageIdPeople
from .mime_alternatives import MimeAlternatives
from .mime_attachment import MimeAttachment
from .mime_bad_unicode import MimeBadUnicode
from .mime_build import MimeBuild
from .mime_crypto import MimeCrypto
from .mime_disposition import MimeDisposition
from .mime_extensions import MimeExtensions
from .mime_good import MimeGood
from .mime_mixed import MimeMixed
from .mime_trace import MimeTrace
from .mime_types import MimeTypes
from .mime_version import MimeVersion
from .missing_charset import MissingCharset
from .missing_headers import MissingHeaders
from .null_sender import NullSender
from .once_received import OnceReceived
from .parts_differ import PartsDiffer
from .pdf import Pdf
from .phishing import Phishing
from .previously_delivered import PreviouslyDelivered
from .priority import Priority
from .rcpt_count import RcptCount
from .rcvd_count import RcvdCount
from .receipts import Receipts
from .received_ways import ReceivedWays
from .recipient_order import RecipientOrder
from .reply_to import ReplyTo
from .reply_to_valid import ReplyToValid
from .service_account import ServiceAccount
from .short_text import ShortText
from .spf import Spf
from .subject_caps import SubjectCaps
from .tagged import Tagged
from .text_alphabets import TextAlphabets
from .to_envelope import ToEnvelope
from .to_from import ToFrom
from .to_names import ToNames
from .url_alone import UrlAlone
from .url_alphabets import UrlAlphabets
from .url_in_subject import UrlInSubject
from .url_obfuscated import UrlObfuscated
from .url_services import UrlServices
from .url_suspect import UrlSuspect
from .urls import Urls

BUILT_IN: tuple[type[Check], ...] = (
    Anomalies,
    Arc,
    ArcSealing,
    ArchivePrograms,
    Archives,
    BareDotLine,
    Base64Text,
    BitcoinAddress,
    Bounce,
    BrokenContentType,
    BrokenHeaders,
    Classifier,
    ClientName,
    Cte7bit,
    Dates,
    Dkim,
    DkimSigning,
    Dmarc,
    EnvelopeSender,
    EssentialHeaders,
    Forwarding,
    Freemail,
    FromEnvfrom,
    FromName,
    FromValid,
    Gtube,
    HasAttachment,
    Helo,
    HeloUser,
    HtmlDataUri,
    HtmlFewWords,
    HtmlHidden,
    HtmlImages,
    HtmlLinks,
    HtmlOnly,
    HtmlPeople,
    HtmlRefresh,
    HtmlStylesheet,
    LongSubject,
    Magic,
    MailerMessageId,
    MailingList,
    MessageIdForm,
    MessageIdPeople,
    MimeAlternatives,
    MimeAttachment,
    MimeBadUnicode,
    MimeBuild,
    MimeCrypto,
    MimeDisposition,
    MimeExtensions,
    MimeGood,
    MimeMixed,
    MimeTrace,
    MimeTypes,
    MimeVersion,
    MissingCharset,
    MissingHeaders,
    NullSender,
    OnceReceived,
    PartsDiffer,
    Pdf,
    Phishing,
    PreviouslyDelivered,
    Priority,
    RcptCount,
    RcvdCount,
    Receipts,
    ReceivedWays,
    RecipientOrder,
    ReplyTo,
    ReplyToValid,
    ServiceAccount,
    ShortText,
    Spf,
    SubjectCaps,
    Tagged,
    TextAlphabets,
    ToEnvelope,
    ToFrom,
    ToNames,
    UrlAlone,
    UrlAlphabets,
    UrlInSubject,
    UrlObfuscated,
    UrlServices,
    UrlSuspect,
    Urls,
)
