"""Hosts through which honest links lead to other hosts than they show."""

from ..mail.url_parse import Url


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRAPPERS = _names(
    """
    safelinks.protection.outlook.com urldefense.com urldefense.proofpoint.com protect.mimecast.com
    linkprotect.cudasvc.com secure-web.cisco.com clicktime.symantec.com url.emailprotection.link
    deref-mail.com deref-gmx.com google.com/url google.com/amp l.facebook.com lm.facebook.com
    l.instagram.com out.reddit.com steamcommunity.com/linkfilter vk.com/away.php
    translate.google.com web.archive.org
    """
)
"""Those that have the whole target in them: hosts, some with the beginning of a path."""

SERVICES = _names(
    """
    list-manage.com list-manage1.com list-manage2.com mailchimp.com mailchi.mp mandrillapp.com
    campaign-archive.com sendgrid.net sendgrid.com mailgun.org mailgun.net mailjet.com mjt.lu
    rs6.net constantcontact.com hubspotlinks.com hubspotemail.net hubspot.com hs-sites.com
    exacttarget.com exct.net salesforce.com pardot.com marketo.com mktdns.com createsend.com
    createsend1.com cmail1.com cmail2.com cmail19.com cmail20.com aweber.com getresponse.com
    sendinblue.com brevo.com sendibm1.com sendibt2.com activehosted.com acemlna.com klclick.com
    klaviyomail.com awstrack.me sparkpostmail.com substack.com beehiiv.com convertkit-mail.com
    convertkit-mail2.com infusionsoft.com keap-link001.com responsys.net silverpop.com mkt41.net
    emarsys.net mailerlite.com mlsend.com ontraport.com dripemail2.com benchmarkemail.com
    icontact.com vresp.com verticalresponse.com customeriomail.com intercom-clicks.com
    intercom-mail.com sailthru.com listrakbi.com dmtrk.net chtah.com mailinblue.com sendpulse.com
    cleverreach.com rapidmail.de newsletter2go.com inxmail.com mailup.com elasticemail.com
    postmarkapp.com pstmrk.it iterable.com braze.com smartfocus.com bluecore.com campaigner.com
    doubleclick.net feedburner.com feedproxy.google.com evite.com eventbrite.com meetup.com
    """
)
"""Domains of services that send mail for others, and count who follows its links."""

DESKS = _names(
    """
    zendesk.com freshdesk.com freshservice.com atlassian.net helpscout.net helpscout.com
    zohodesk.com zohodesk.eu gorgias.com kayako.com service-now.com uservoice.com reamaze.com
    helpshift.com happyfox.com groovehq.com statuspage.io
    """
)
"""Domains of help desks, where tickets of others are. Anybody may open one: they hide nothing."""

SHORTENERS = _names(
    """
    bit.ly bitly.com j.mp tinyurl.com t.co goo.gl ow.ly buff.ly is.gd v.gd rebrand.ly rb.gy
    cutt.ly shorturl.at tiny.cc lnkd.in fb.me wp.me dlvr.it amzn.to g.co aka.ms s.id t.ly
    t.me/iv bl.ink short.io qrco.de clck.ru u.to snip.ly  adf.ly shorte.st
    """
)
"""Services that give short names to links."""

STORAGE = _names(
    """
    storage.googleapis.com firebasestorage.googleapis.com run.app core.windows.net workers.dev
    pages.dev r2.dev digitaloceanspaces.com web.app firebaseapp.com netlify.app vercel.app
    amazonaws.com hopto.org no-ip.org ddns.net duckdns.org
    """
)
"""Where anybody may put a page without a name of his own."""

PICTURES = _names(
    """
    imgur.com zupimages.net imageshack.us imageshack.com radikal.ru postimg.cc postimg.org ibb.co
    imgbb.com photobucket.com tinypic.com goopics.net top4top.io image-upload.de casimages.com
    servimg.com hostingpics.net noelshack.com gyazo.com imgbox.com directupload.net twimg.com
    imageshost.ru myimg.de freeimage.host iili.io lensdump.com
    """
)
"""Where anybody may put pictures."""

_THROUGH = WRAPPERS | SHORTENERS


def is_listed(host: str, path: str, listed: frozenset[str]) -> bool:
    """Whether a host, a domain above it, or one with the beginning of the path is in a set."""
    first = path[1:].partition("/")[0]
    while host:
        if host in listed or (first and f"{host}/{first}" in listed):
            return True
        host = host.partition(".")[2]
    return False


def is_redirector(url: Url) -> bool:
    """Whether a URL is of a wrapper, or is a short name for another."""
    return is_listed(url.host, url.path, _THROUGH)
