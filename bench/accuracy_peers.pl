# Scores messages by SpamAssassin, without network and learning.
#
# perl accuracy_peers.pl RULES SITE_RULES STATE_DIR: of each message standard input has its length
# in a line, then the message; a line of its score and of symbols with scores is the answer.
use strict;
use warnings;
use Mail::SpamAssassin;

binmode STDIN;
$| = 1;
my ($rules, $site_rules, $state) = @ARGV;
my $spamassassin = Mail::SpamAssassin->new({
    rules_filename => $rules,
    site_rules_filename => $site_rules,
    userstate_dir => $state,
    local_tests_only => 1,
    dont_copy_prefs => 1,
    post_config_text => "use_bayes 0\n",
});
$spamassassin->compile_now(0, 0);
while (defined(my $length = <STDIN>)) {
    read(STDIN, my $raw, $length);
    my $message = $spamassassin->parse($raw, 1);
    my $found = $spamassassin->check($message);
    print join("\t", $found->get_score, $found->get_names_of_tests_hit_with_scores), "\n";
    $found->finish;
    $message->finish;
}
