# Completion of mailfilterc for fish, from 3.0 on. Made from the code by `make docs`; do not edit.

# Whether the words so far are this command and no more, or, with --below, also arguments of it.
function __mailfilterc_at
    set -l path
    set -l rest
    set -l skips no
    for word in (commandline -opc)[2..-1]
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case '-h' '--connect' '-P' '--password' '-t' '--timeout' '-b' '--bind' '-U' '--user-agent' '--key' '--ca' '--crl' '--pin' '--cert' '--cert-key' '-i' '--ip' '-u' '--user' '-d' '--deliver' '-F' '--from' '-r' '--rcpt' '--helo' '--hostname' '--queue-id' '--log-tag' '--settings' '--header' '--metadata-header' '-D' '--dictionary' '-c' '--classifier' '-w' '--weight' '-f' '--flag' '-S' '--fuzzy-symbol' '-n' '--max-requests' '--files-list' '--exclude' '--sort' '-e' '--exec' '--on-error'
                set skips yes
            case '-*'
            case '*'
                if contains -- (string join ' ' $path $word) 
                    set -a path $word
                else
                    set -a rest $word
                end
        end
    end
    test "$path" = "$argv[1]"
    and test "$argv[2]" = --below -o (count $rest) = 0
end

complete -c mailfilterc -f
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'symbols' -d 'Scan messages'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'check' -d 'The same as symbols'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'report' -d 'The same as symbols'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'scan' -d 'The same as symbols'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'learn_spam' -d 'Learn messages as spam'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'learn_ham' -d 'Learn messages as ham'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'learn_class:' -d 'Learn messages as of a class'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'fuzzy_add' -d 'Add messages to a fuzzy storage'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'fuzzy_del' -d 'Delete messages from a fuzzy storage'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'fuzzy_delhash' -d 'Delete fuzzy hashes'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'stat' -d 'Show statistics'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'stat_reset' -d 'Show statistics, and begin anew'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'counters' -d 'Show hits and costs of symbols'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'uptime' -d 'Show how long the server has been running'
complete -c mailfilterc -n "__mailfilterc_at ''" -a 'explain' -d 'Show how a verdict came about'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'h' -l 'connect' -d 'Server: host, host:port, [IPv6]:port, /path/of/socket, http:// or https:// URL.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'P' -l 'password' -d 'Password; a file if it begins with / or .; asked for if there is none.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 't' -l 'timeout' -d 'Seconds for one request, all in all.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'b' -l 'bind' -d 'Our own address.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'U' -l 'user-agent' -d 'User-Agent to send.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'key' -d 'Refused: encryption by keys comes with HTTPCrypt; use https:// until then.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'tls' -d 'Use TLS, as with https://.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'ca' -d 'Certificates to trust, PEM.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'crl' -d 'Revocation lists, PEM.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'pin' -d 'Certificate or key.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'cert' -d 'Our own certificate and chain, PEM.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'cert-key' -d 'Its key, if in another file.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'i' -l 'ip' -d 'Client, by address or name.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'u' -l 'user' -d 'Login of the sender.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'd' -l 'deliver' -d 'User it is delivered to.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'F' -l 'from' -d 'Sender of the envelope.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'r' -l 'rcpt' -d 'Recipient.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'helo' -d 'HELO of the client.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'hostname' -d 'Host name of the client.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'queue-id' -d 'Queue id of the message.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'log-tag' -d 'Tag for the server\'s log.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'settings' -d 'Settings for these scans.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'header' -d 'Header of HTTP.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'metadata-header' -d 'Header in the metadata of protocol v3.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'p' -l 'pass-all' -d 'Run all checks, whatever they find.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'raw' -d 'Input is no mail, just octets.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'extended-urls' -d 'Ask for more about each URL.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'profile' -d 'Ask how long checks took.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'z' -l 'compressed' -d 'Pack what is sent by zstd.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'D' -l 'dictionary' -d 'Dictionary of zstd.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'protocol-v3' -d 'Scan by protocol v3.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'msgpack' -d 'Speak msgpack in place of JSON.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'c' -l 'classifier' -d 'Classifier to teach.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'w' -l 'weight' -d 'Weight of fuzzy hashes.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'f' -l 'flag' -d 'Flag of fuzzy hashes.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'S' -l 'fuzzy-symbol' -d 'Symbol of a flag.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'skip-images' -d 'No fuzzy hashes of images.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'skip-attachments' -d 'No fuzzy hashes of attachments.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'n' -l 'max-requests' -d 'Requests at a time.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'files-list' -d 'Names of files, one a line.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'exclude' -d 'Files to leave out.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'E' -l 'empty' -d 'Without files, send no message at all.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'resume' -d 'Leave out what was learned before an interruption.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'R' -l 'human' -d 'Print a report for people.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'j' -l 'json' -d 'Print JSON.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'compact' -d 'Print JSON, a line for each reply.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'ucl' -d 'Print UCL.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'raw-reply' -d 'Print replies as they came.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'headers' -d 'Print headers of HTTP, too.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'sort' -d 'name, weight, frequency, time or hits.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'output-body' -d 'Print the message if it was rewritten.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'trace' -d 'Print what each check found, and what decided.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'v' -l 'verbose' -d 'Print more.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'm' -l 'mime' -d 'Print the message with headers of the verdict.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'e' -l 'exec' -d 'Hand that to a command.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'on-error' -d 'What becomes of messages that could not be scanned.' -x -a 'pass tempfail'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'keep-headers' -d 'Keep X-Spam headers that were there.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'commands' -d 'List them.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'version' -d 'Print it.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s '?' -l 'help' -d 'Show this message and exit.'
