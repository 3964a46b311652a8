# Counts words, edits strings in place, and sorts records: hashes, lists and regular expressions.
use strict;
use warnings;

my $seed = 1;
sub dice { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % $_[0]; }

my (%count, @records);
for my $line (1 .. 5000) {
    my $text = join ' ', map { 'w' . dice(3000) . 'x' x dice(12) } 1 .. 8;
    $count{$_}++ for split / /, $text;
    (my $edited = $text) =~ s/w(\d)(\d*)/<$2:$1>/g;
    push @records, { line => $line, text => $edited, words => [ split /:/, $edited ] };
    shift @records if @records > 4000;
}
my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
my $joined = join "\n", map { "$_->{line} $_->{text}" } sort { $a->{text} cmp $b->{text} } @records;
print scalar(@sorted), ' ', length($joined), "\n";
