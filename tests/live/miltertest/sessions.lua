-- Sessions of an MTA with the filter at SOCKET. It offers VERSION, ACTIONS and STEPS, numbers; with
-- anything else in their place the newest. TAG is the local part of the recipient. Prints what went
-- wrong, or "all done".

local fields = {
  { "From", "alice@example.org" }, { "To", "bob@box.test" }, { "Subject", "from miltertest" },
  { "Date", "Fri, 27 Nov 2026 10:00:00 +0000" }, { "Message-ID", "<miltertest@example.org>" },
}
local RCPT = "<" .. TAG .. "@box.test>"
local GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

local conn
local no_reply = {
  connect = SMFIP_NR_CONN, helo = SMFIP_NR_HELO, mail = SMFIP_NR_MAIL, rcpt = SMFIP_NR_RCPT,
  data = SMFIP_NR_DATA, unknown = SMFIP_NR_UNKN, header = SMFIP_NR_HDR, eoh = SMFIP_NR_EOH,
  body = SMFIP_NR_BODY,
}

-- A step that must work; its reply is "continue" unless it was agreed that there is none.
local function step(name, failure)
  if failure ~= nil then error(name .. ": " .. failure) end
  if mt.test_option(conn, no_reply[name]) then return end
  local reply = mt.getreply(conn)
  if reply ~= SMFIR_CONTINUE then error(name .. ": reply " .. string.char(reply)) end
end

local function connect()
  conn = mt.connect(SOCKET)
  if conn == nil then error "no connection" end
  -- The steps before the actions: not as its manual says.
  local failure = mt.negotiate(conn, tonumber(VERSION), tonumber(STEPS), tonumber(ACTIONS))
  if failure ~= nil then error("negotiation: " .. failure) end
  step("connect", mt.conninfo(conn, "client.example.net", "192.0.2.17"))
end

local function envelope()
  mt.macro(conn, SMFIC_MAIL, "i", "MT1", "{auth_authen}", "dave")
  step("mail", mt.mailfrom(conn, "<alice@example.org>", "SIZE=100"))
  step("rcpt", mt.rcptto(conn, RCPT, "NOTIFY=NEVER"))
end

local function header(more)
  for _, field in ipairs(fields) do step("header", mt.header(conn, field[1], field[2])) end
  for _, field in ipairs(more) do step("header", mt.header(conn, field[1], field[2])) end
  step("eoh", mt.eoh(conn))
end

local function expect(reply)
  local failure = mt.eom(conn)
  if failure ~= nil then error("end of message: " .. failure) end
  local got = mt.getreply(conn)
  if got ~= reply then error("end of message: reply " .. string.char(got)) end
end

local function check(what, ok)
  if not ok then error("missing: " .. what) end
end

-- One message, and the final reply to it.
local function message(more, body, reply)
  envelope()
  if tonumber(VERSION) == nil or tonumber(VERSION) >= 4 then step("data", mt.data(conn)) end
  header(more)
  step("body", mt.bodystring(conn, body))
  expect(reply)
end

-- Every kind of end, one after the other.
local function messages()
  connect()
  step("helo", mt.helo(conn, "client.example.net"))

  message({}, "Good day.\r\n", SMFIR_ACCEPT)
  check("an unchanged body", not mt.eom_check(conn, MT_BODYCHANGE))

  envelope()
  mt.abort(conn)
  message({}, GTUBE .. "\r\n", SMFIR_REPLYCODE)
  check("the refusal", mt.eom_check(conn, MT_SMTPREPLY, "554", "5.7.1", "Gtube pattern"))

  message({ { "X-Test-Action", "soft reject" }, { "X-Test-Message", "50% full" } }, "x\r\n",
    SMFIR_REPLYCODE)
  check("the deferral", mt.eom_check(conn, MT_SMTPREPLY, "451", "4.7.1", "50%% full"))

  message({ { "X-Test-Action", "discard" } }, "x\r\n", SMFIR_DISCARD)

  message({
    { "X-Test-Add", "X-Below: one @1" }, { "X-Test-Add", "X-End: two" },
    { "X-Test-Change", "Subject: other" }, { "X-Test-Remove", "Message-ID" },
    { "X-Test-Add-Rcpt", "eve@box.test" }, { "X-Test-Remove-Rcpt", TAG .. "@box.test" },
    { "X-Test-Body", "another body" },
  }, "x\r\n", SMFIR_ACCEPT)
  local blank = mt.test_option(conn, SMFIP_HDR_LEADSPC) and " " or ""
  local asked = function(what, action, ...)
    check(what, mt.eom_check(conn, ...) == mt.test_action(conn, action))
  end
  asked("a field put in", SMFIF_ADDHDRS, MT_HDRINSERT, "X-Below", blank .. "one")
  asked("a field added", SMFIF_ADDHDRS, MT_HDRADD, "X-End", blank .. "two")
  asked("a change", SMFIF_CHGHDRS, MT_HDRCHANGE, "Subject", blank .. "other")
  asked("a removal", SMFIF_CHGHDRS, MT_HDRDELETE, "Message-ID")
  asked("a recipient more", SMFIF_ADDRCPT, MT_RCPTADD, "<eve@box.test>")
  asked("a recipient less", SMFIF_DELRCPT, MT_RCPTDELETE, RCPT)
  asked("another body", SMFIF_CHGBODY, MT_BODYCHANGE, "another body\r\n")

  message({ { "X-Test-Action", "quarantine" } }, "x\r\n", SMFIR_ACCEPT)
  asked("the quarantine", SMFIF_QUARANTINE, MT_QUARANTINE)

  if tonumber(VERSION) == nil or tonumber(VERSION) >= 3 then
    step("unknown", mt.unknown(conn, "XYZZY"))
  end
  message({}, "The last one.\r\n", SMFIR_ACCEPT)
  mt.disconnect(conn)
end

-- Gone at each step, with and without a goodbye.
local function departures()
  local steps = {
    function() step("helo", mt.helo(conn, "client.example.net")) end,
    envelope,
    function() header({}) end,
    function() step("body", mt.bodystring(conn, "half a mess")) end,
  }
  for _, polite in ipairs({ true, false }) do
    for last = 0, #steps do
      connect()
      for number = 1, last do steps[number]() end
      mt.disconnect(conn, polite)
    end
  end
end

local _, failure = pcall(function()
  messages()
  departures()
end)
mt.echo(failure or "all done")
