# Completion of mailfilteradm for fish, from 3.0 on. Made from the code by `make docs`; do not edit.

# Whether the words so far are this command and no more, or, with --below, also arguments of it.
function __mailfilteradm_at
    set -l path
    set -l rest
    set -l skips no
    for word in (commandline -opc)[2..-1]
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case '-c' '--config' '--state-dir' '--key' '--server' '--out' '--algorithm' '--bits' '--discovery' '--date' '--domain' '--blocklist' '--from' '--to' '--address' '--action' '--symbol' '--ip' '--user' '--identity' '--message-id' '--queue-id' '--since' '--until' '--limit' '--form' '--by' '--class' '--message' '--listener' '--type' '--helo' '--max-lookups' '--max-void' '--group' '--found-by' '--standing' '--name' '--ca' '--crl' '--pin' '--certificate' '--timeout' '--days'
                set skips yes
            case '-*'
            case '*'
                if contains -- (string join ' ' $path $word) 'config' 'config check' 'config show' 'dkim' 'dkim check' 'dkim keygen' 'dmarc' 'dmarc check' 'dmarc list' 'dmarc report' 'dmarc show' 'dns' 'dns doctor' 'explain' 'history' 'keypair' 'keypair check' 'keypair new' 'keypair show' 'learn' 'learn list' 'learn undo' 'mta' 'pw' 'reload' 'rules' 'rules explain' 'rules list' 'rules test' 'saved' 'saved list' 'saved undo' 'spf' 'spf check' 'status' 'store' 'store backup' 'store check' 'store migrate' 'store stats' 'symbols' 'tls' 'tls check' 'tls self-signed' 'tls show'
                    set -a path $word
                else
                    set -a rest $word
                end
        end
    end
    test "$path" = "$argv[1]"
    and test "$argv[2]" = --below -o (count $rest) = 0
end

complete -c mailfilteradm -f
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'config' -d 'Look at the configuration.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'dkim' -d 'Make keys that sign mail, and look at what is published of them.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'dmarc' -d 'Report to domains what became of mail in their name.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'dns' -d 'Look at the resolvers of names.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'explain' -d 'Show what each check found in a message, and what decided.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'history' -d 'Show the messages that were scanned, the newest first.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'keypair' -d 'Make keypairs of HTTPCrypt, and look at them.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'learn' -d 'Look at what the filter was taught, and take it back.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'mta' -d 'Print what goes into an MTA\'s configuration.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'pw' -d 'Make the hash of a password, or check a password.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'reload' -d 'Have the running filter go on with its changed files.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'rules' -d 'Look at rules, and try them.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'saved' -d 'Look at what was saved over the configuration, or undo it.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'spf' -d 'Evaluate SPF, which says who may send for a domain.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'status' -d 'Show how the running filter is.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'store' -d 'Look after what the filter remembers.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'symbols' -d 'List symbols: score, group, check and meaning.'
complete -c mailfilteradm -n "__mailfilteradm_at ''" -a 'tls' -d 'Make certificates, and look at ours and those of others.'
complete -c mailfilteradm -n "__mailfilteradm_at '' --below" -l 'version' -d 'Show the version and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at '' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config'" -a 'check' -d 'Tell everything that is wrong with a configuration.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config'" -a 'show' -d 'Show which values hold at or below a KEY.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config check' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'config check' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'config check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config show' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'config show' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'config show' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'config show' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim'" -a 'check' -d 'Tell if mail that is signed by a key would verify.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim'" -a 'keygen' -d 'Make a key by which mail of DOMAIN is signed.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim check' --below" -l 'key' -d 'The private key. Otherwise the one of the configuration, if there is one.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim check' --below" -l 'server' -d 'A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of the configuration, else those of /etc/resolv.conf.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim check' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim check' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim keygen' --below" -l 'out' -d 'The file to write, which nobody else may read.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim keygen' --below" -l 'algorithm' -d 'rsa or ed25519. Not all who verify mail know ed25519: let it be a second key.' -x -a 'rsa ed25519'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim keygen' --below" -l 'bits' -d 'Size of a key of RSA. Larger ones sign slowly, and others may not verify them.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim keygen' --below" -l 'force' -d 'Replace the file if it is there.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dkim keygen' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc'" -a 'check' -d 'Show the DMARC policy for mail of a domain.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc'" -a 'list' -d 'List what is remembered for aggregate reports.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc'" -a 'report' -d 'Send the aggregate reports that are due.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc'" -a 'show' -d 'Show the report on a DOMAIN for a DAY, as XML.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc check' --below" -l 'discovery' -d 'How the policy is found: by the Public Suffix List (psl), or by the tree of DNS (tree). By default as the configuration says.' -x -a 'psl tree'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc check' --below" -l 'server' -d 'A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of the configuration, else those of /etc/resolv.conf.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc check' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc check' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -l 'date' -d 'Of this day only (UTC), such as 2026-11-28.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -l 'domain' -d 'Of this domain only. May be given more than once.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc list' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'date' -d 'Of this day only (UTC), such as 2026-11-28.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'domain' -d 'Of this domain only. May be given more than once.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'dry-run' -d 'Send nothing, and mark nothing as sent.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'resend' -d 'Also send what may have been sent by a command that was killed.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'server' -d 'A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of the configuration, else those of /etc/resolv.conf.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc report' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc show' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc show' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dmarc show' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dns'" -a 'doctor' -d 'Examine the resolvers that the filter asks.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dns' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dns doctor' --below" -l 'server' -d 'A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of the configuration, else those of /etc/resolv.conf.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dns doctor' --below" -l 'blocklist' -d 'A DNS list of bad clients that is tried. May be given more than once.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'dns doctor' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'dns doctor' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'dns doctor' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'explain' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'explain' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'explain' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'explain' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'from' -d 'Sender or @domain.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'to' -d 'Recipient or @domain.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'address' -d 'Either of the two.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'action' -d 'Such as reject or add-header.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'symbol' -d 'A symbol that fired; several must all have fired.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'ip' -d 'The client\'s address.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'user' -d 'The name by which the client has logged in.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'identity' -d 'One of [identities], whose certificate the other side has shown.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'message-id' -d 'With or without <>.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'queue-id' -d 'The MTA\'s.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'since' -d 'Not older than a duration back from now such as "2h", or a time such as "2026-11-27T14:00" (UTC).' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'until' -d 'Older than that; in the same form.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'limit' -d 'So many at most; 0 is all.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'json' -d 'Print JSON, for programs: an object a line.'
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'history' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair'" -a 'check' -d 'Tell if a keypair can be used.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair'" -a 'new' -d 'Make a keypair.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair'" -a 'show' -d 'Show the public key, and what goes into the configuration.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair check' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair new' --below" -l 'out' -d 'The file to write, which nobody else may read; otherwise it is printed.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair new' --below" -l 'form' -d 'Our own form, toml, which is the default, or one of Rspamd\'s: ucl or json.' -x -a 'toml ucl json'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair new' --below" -l 'force' -d 'Replace the file if it is there.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair new' --below" -l 'client' -d 'For who asks the filter; otherwise for the filter.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair new' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair show' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair show' --below" -l 'client' -d 'For who asks the filter; otherwise for the filter.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair show' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'keypair show' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn'" -a 'list' -d 'Show what was taught, by whom and when, the newest first.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn'" -a 'undo' -d 'Take back what was taught.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'by' -d 'What this one taught.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'class' -d 'What was taught as spam, or as ham.' -x -a 'spam ham'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'since' -d 'Not older than a duration back from now such as "2h", or a time such as "2026-11-27T14:00" (UTC).' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'message' -d 'What was taught about this message.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'limit' -d 'So many at most; 0 is all.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn list' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -l 'by' -d 'What this one taught.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -l 'since' -d 'Not older than a duration back from now such as "2h", or a time such as "2026-11-27T14:00" (UTC).' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -l 'message' -d 'What was taught about this message.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -l 'dry-run' -d 'Only say what would change.'
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'learn undo' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'postfix'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'sendmail'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'stalwart'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'axigen'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'exim'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'exim-sa'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'haraka'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'haraka-plugin'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'opensmtpd'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta'" -a 'nginx'
complete -c mailfilteradm -n "__mailfilteradm_at 'mta' --below" -l 'listener' -d 'Its name; otherwise the first one.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'mta' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'mta' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'pw' --below" -l 'type' -d 'What to make: scrypt, catena or pbkdf2; otherwise scrypt.' -x -a 'scrypt catena pbkdf2'
complete -c mailfilteradm -n "__mailfilteradm_at 'pw' --below" -l 'check' -d 'Tell if the password is right.'
complete -c mailfilteradm -n "__mailfilteradm_at 'pw' --below" -l 'list' -d 'Show the kinds of hashes.'
complete -c mailfilteradm -n "__mailfilteradm_at 'pw' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'pw' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'reload' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'reload' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules'" -a 'explain' -d 'Show a rule, and what it makes of a MESSAGE.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules'" -a 'list' -d 'Show all rules: symbol, score, group and meaning.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules'" -a 'test' -d 'Tell everything that is wrong with rules.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules explain' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'rules explain' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'rules explain' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules list' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules list' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'rules list' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'rules test' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'rules test' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'rules test' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved'" -a 'list' -d 'Show what is saved.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved'" -a 'undo' -d 'Take back the last change of each KEY.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved list' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved list' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'saved list' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved undo' --below" -l 'all' -d 'Remove all that is saved.'
complete -c mailfilteradm -n "__mailfilteradm_at 'saved undo' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'saved undo' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'spf'" -a 'check' -d 'Evaluate SPF for a client, step by step.'
complete -c mailfilteradm -n "__mailfilteradm_at 'spf' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'ip' -d 'Address of the client.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'from' -d 'Sender, as in MAIL FROM. Without it the name of HELO is evaluated, as for bounces.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'helo' -d 'Name that the client gives in HELO.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'server' -d 'A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of the configuration, else those of /etc/resolv.conf.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'max-lookups' -d 'Terms that may ask DNS.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'max-void' -d 'Terms that may have no answer.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'spf check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'status' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'status' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'status' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store'" -a 'backup' -d 'Copy the store to a new file; the filter may be running.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store'" -a 'check' -d 'Look whether the store is in order.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store'" -a 'migrate' -d 'Copy all that is in one kind of store to another.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store'" -a 'stats' -d 'Show where the store is and what is in it.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store backup' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store backup' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store backup' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store backup' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store check' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store check' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate'" -a 'embedded'
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate'" -a 'redis'
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate' --below" -l 'force' -d 'Even if there is something in TO already.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store migrate' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store stats' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'store stats' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store stats' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'store stats' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -l 'group' -d 'Only those of a group.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -l 'found-by' -d 'Only those that a check finds.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -l 'standing' -d 'Only compatible, ours or not-built.' -x -a 'compatible ours not-built'
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'symbols' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls'" -a 'check' -d 'Tell what a server speaks and shows, and if we would connect.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls'" -a 'self-signed' -d 'Make a key, and a certificate that is signed with it.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls'" -a 'show' -d 'Show the certificates and keys in use, and whom we believe.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'name' -d 'Name or address that its certificate must be for; otherwise HOST.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'ca' -d 'Authorities to trust; otherwise those of the system.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'crl' -d 'A list of revoked certificates; may be repeated.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'pin' -d 'SHA-256 of its certificate or public key; of several, one must fit.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'certificate' -d 'The certificate that we show.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'key' -d 'Its key; otherwise in the same file.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -l 'timeout' -d 'Seconds for all of it.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'tls check' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls self-signed' --below" -l 'out' -d 'The folder to write to; otherwise the current one.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls self-signed' --below" -l 'days' -d 'How long it holds, from now.' -x
complete -c mailfilteradm -n "__mailfilteradm_at 'tls self-signed' --below" -l 'client' -d 'For who connects to the filter; otherwise for a server.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls self-signed' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls show' --below" -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls show' --below" -l 'json' -d 'Print JSON, for programs.'
complete -c mailfilteradm -n "__mailfilteradm_at 'tls show' --below" -s 'c' -l 'config' -d 'The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the built-in defaults hold.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls show' --below" -l 'state-dir' -d 'The state directory of the filter, as it was started with. Otherwise MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.' -r -F
complete -c mailfilteradm -n "__mailfilteradm_at 'tls show' --below" -s 'h' -l 'help' -d 'Show this message and exit.'
