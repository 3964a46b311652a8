# Hashes, sorting, regular expressions, closures, strings that grow.
use strict;
use warnings;
my %count;
my $text = join ' ', map { sprintf '%x', $_ * 2654435761 % 1000003 } 1 .. 60000;
$count{$1}++ while $text =~ /\b([0-9a-f]{2})/g;
print join(',', map { "$_=$count{$_}" } (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9]), "\n";
my @words = sort { length $a <=> length $b || $a cmp $b } split / /, $text;
print "$#words $words[0] $words[-1]\n";
(my $changed = $text) =~ s/(\d+)/<$1>/g;
print length($changed), "\n";
my @makers = map { my $n = $_; sub { return [ ($n) x ($_[0] % 50) ] } } 1 .. 500;
my $sum = 0;
for my $round (1 .. 40) { $sum += scalar @{ $_->($round) } for @makers }
print "$sum\n";
my $grown = '';
$grown .= chr(65 + $_ % 26) x ($_ % 7) for 1 .. 100000;
print length($grown), ' ', unpack('%32C*', $grown), "\n";
