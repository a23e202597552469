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
            case '-h' '--connect' '-P' '--password' '-t' '--timeout' '-b' '--bind' '-U' '--user-agent' '--key' '--keypair' '--ca' '--crl' '--pin' '--cert' '--cert-key' '-i' '--ip' '-u' '--user' '-d' '--deliver' '-F' '--from' '-r' '--rcpt' '--helo' '--hostname' '--queue-id' '--log-tag' '--settings' '--header' '--metadata-header' '-D' '--dictionary' '-c' '--classifier' '-w' '--weight' '-f' '--flag' '-S' '--fuzzy-symbol' '-n' '--max-requests' '--files-list' '--exclude' '--sort' '-e' '--exec' '--on-error'
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
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 't' -l 'timeout' -d 'Seconds for one request, from connecting to the end of its answer.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'b' -l 'bind' -d 'Address of this machine to connect from.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'U' -l 'user-agent' -d 'User-Agent to send.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'key' -d 'Encrypt by HTTPCrypt, for this public key of the server.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'keypair' -d 'Keypair by which that server knows us; without it, a new one for each request.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'tls' -d 'Use TLS, as with https://.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'ca' -d 'Trust these certificates and not those of the system (PEM).' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'crl' -d 'Refuse certificates on these revocation lists (PEM).' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'pin' -d 'Take no server but one whose certificate or public key has this SHA-256; may be repeated.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'cert' -d 'Certificate to show the server, with its chain (PEM).' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'cert-key' -d 'Key of --cert, if it is in another file (PEM).' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'i' -l 'ip' -d 'Address of the client that sent it, or its name.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'u' -l 'user' -d 'Login of the sender.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'd' -l 'deliver' -d 'User it will be delivered to.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'F' -l 'from' -d 'Sender of the envelope.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'r' -l 'rcpt' -d 'Recipient of the envelope; may be repeated.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'helo' -d 'HELO of the client.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'hostname' -d 'Host name of the client.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'queue-id' -d 'Queue id of the message.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'log-tag' -d 'Tag for the server\'s log.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'settings' -d 'Settings of the server for these scans.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'header' -d 'Send this header of HTTP, too; may be repeated.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'metadata-header' -d 'Put this header into the metadata of protocol v3; may be repeated.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'p' -l 'pass-all' -d 'Run all checks, whatever they find.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'raw' -d 'Input is no mail, just octets.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'extended-urls' -d 'Ask for all parts of each URL, and print them on lines of their own.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'profile' -d 'Ask how long checks took.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'z' -l 'compressed' -d 'Pack what is sent by zstd.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'D' -l 'dictionary' -d 'Dictionary of zstd, which the server has, too.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'protocol-v3' -d 'Scan by protocol v3.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'msgpack' -d 'Speak msgpack in place of JSON.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'c' -l 'classifier' -d 'Classifier to teach; all if not given.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'w' -l 'weight' -d 'Weight with which fuzzy hashes are added.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'f' -l 'flag' -d 'Number of the list of fuzzy hashes.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'S' -l 'fuzzy-symbol' -d 'Symbol of that list, in place of --flag.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'skip-images' -d 'No fuzzy hashes of images.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'skip-attachments' -d 'No fuzzy hashes of attachments.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'n' -l 'max-requests' -d 'Requests made at the same time.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'files-list' -d 'Take names of files from a file, one a line; - is standard input.' -r -F
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'exclude' -d 'Leave out files in folders whose path is like this; may be repeated.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'E' -l 'empty' -d 'Without files, send no message at all.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'resume' -d 'Leave out what was learned before an interruption.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'R' -l 'human' -d 'Print a report with descriptions of symbols.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'j' -l 'json' -d 'Print JSON.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'compact' -d 'Print JSON, a line for each reply.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'ucl' -d 'Print UCL.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'raw-reply' -d 'Print replies as they came.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'headers' -d 'Print the headers of replies, too.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'sort' -d 'Sort symbols by name, weight, score, frequency, time or hits; with :asc behind it, the other way around.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'output-body' -d 'Print the message if it was rewritten.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'trace' -d 'Print what each check found, and what decided.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'v' -l 'verbose' -d 'Changes nothing, as with rspamc.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'm' -l 'mime' -d 'Print the message, with headers that tell the verdict.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s 'e' -l 'exec' -d 'Hand the message with such headers to a command, and end as it does.' -x
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'on-error' -d 'Deliver messages that could not be scanned, or exit with 75 to have them tried again.' -x -a 'pass tempfail'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'keep-headers' -d 'Keep X-Spam headers that the message came with.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'commands' -d 'List the commands.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -l 'version' -d 'Print the version.'
complete -c mailfilterc -n "__mailfilterc_at '' --below" -s '?' -l 'help' -d 'Show this message and exit.'
