#!/usr/bin/python3
"""Perl's Sys::Virt: a guest's life, lists, statistics and events through it, with what libvirtd gives."""
import os, subprocess, sys
sys.path.insert(0, os.path.join(os.environ.get("SRCDIR", "."), "tests"))
from needs import needed, skip
from pair import Pair, guests

needed("perl")
if subprocess.run(["perl", "-MSys::Virt", "-e", "1"], capture_output=True).returncode:
    skip("libsys-virt-perl is not installed")

SCRIPT = r'''
use strict; use warnings;
use Sys::Virt; use Sys::Virt::Event; use Sys::Virt::Domain;
Sys::Virt::Event::register_default();
my $dir = shift;
sub slurp { local $/; open(my $f, "<", "$dir/$_[0]") or die; <$f> }
sub show { my ($what, @v) = @_; print "$what: ", join(" ", map { defined $_ ? $_ : "undef" } @v), "\n" }
sub hash { my ($what, $h, @skip) = @_; my %no = map { $_ => 1 } @skip; show($what, map { "$_=" . (ref $h->{$_} || $no{$_} ? "*" : $h->{$_}) } sort keys %$h) }
sub try { my ($what, $code) = @_; eval { $code->(); 1 } or show($what, ref $@ ? ($@->code, $@->domain, $@->level, $@->message) : $@) }

my $c = Sys::Virt->new(uri => "qemu:///system");
show("connection", $c->get_type, $c->get_version, $c->get_library_version, $c->get_uri, $c->is_secure, $c->is_encrypted, $c->is_alive, $c->get_max_vcpus("qemu"));
hash("node", $c->get_node_info(), "memory", "mhz");
show("others", map { scalar @$_ } [$c->list_networks], [$c->list_all_networks], [$c->list_all_storage_pools], [$c->list_all_secrets], [$c->list_all_nwfilters]);
my @seen;
my $id = $c->domain_event_register_any(undef, Sys::Virt::Domain::EVENT_ID_LIFECYCLE, sub { push @seen, join("/", $_[1]->get_name, $_[2], $_[3]) });
my $idle = $c->define_domain(slurp("idle.xml"));
my $busy = $c->define_domain(slurp("busy.xml"));
$busy->create();
my $bare = $c->create_domain(slurp("bare.xml"), Sys::Virt::Domain::START_PAUSED);
show("all", sort map { $_->get_name . ":" . $_->is_active . $_->is_persistent } $c->list_all_domains());
show("active", scalar(my @on = $c->list_domains), $c->num_of_domains, "defined", map { $_->get_name } $c->list_defined_domains);
show("same", $c->get_domain_by_uuid("b0000000-0000-4000-8000-000000000001")->get_name, $c->get_domain_by_name("idle")->get_uuid_string);
try("nosuch", sub { $c->get_domain_by_name("nosuch") });
try("again", sub { $busy->create() });
try("off", sub { $idle->suspend() });
try("bad", sub { $c->define_domain("<domain/>") });
show("state", $busy->get_state, $bare->get_state, $idle->get_state);
hash("info", $busy->get_info, "cpuTime", "memory");
hash("block", $busy->get_block_info("vda"), "allocation", "physical");     # QEMU counts by sectors, libvirtd by the file
hash("block stats", $busy->block_stats("vda"), qw(rd_req rd_bytes rd_total_times));
hash("memory", $busy->memory_stats, qw(rss last_update));
show("interfaces", $busy->get_vcpus, $busy->get_max_memory, $busy->get_max_vcpus, $busy->get_os_type);
show("scheduler", $busy->get_scheduler_type);
hash("scheduler", $busy->get_scheduler_parameters);
hash("memory parameters", $busy->get_memory_parameters);
show("vcpus", map { $_->{number} . ":" . $_->{state} } $busy->get_vcpu_info);
show("stats", map { my $s = $_->{data}; join(",", map { "$_=" . ($s->{$_} // "") } grep { /^(state|vcpu\.(current|maximum)|net\.count|block\.count|balloon\.maximum|block\.\d\.(name|path))/ } sort keys %$s) }
    $c->get_all_domain_stats(0, [$busy]));
$busy->suspend(); show("state", $busy->get_state); $busy->resume(); show("state", $busy->get_state);
show("autostart", $idle->get_autostart); $idle->set_autostart(1); show("autostart", $idle->get_autostart); $idle->set_autostart(0);
$idle->set_metadata(Sys::Virt::Domain::METADATA_TITLE, "a title", undef, undef, Sys::Virt::Domain::AFFECT_CONFIG);
show("title", $idle->get_metadata(Sys::Virt::Domain::METADATA_TITLE, undef, Sys::Virt::Domain::AFFECT_CONFIG));
try("job", sub { hash("job", $busy->get_job_info) });
my $xml = $idle->get_xml_description(Sys::Virt::Domain::XML_INACTIVE); show("xml", length $xml, $xml =~ /<title>a title</ ? 1 : 0);
$idle->attach_device("<disk type='file' device='cdrom'><target dev='sdz' bus='sata'/><readonly/></disk>", Sys::Virt::Domain::DEVICE_MODIFY_CONFIG);
show("attached", $idle->get_xml_description() =~ /sdz/ ? 1 : 0);
my $stream = $c->new_stream(); $busy->open_console($stream, undef, 0); $stream->abort();
$bare->destroy(); $busy->destroy(); try("undefined", sub { $_->undefine() for $busy, $idle });
show("left", scalar(my @left = $c->list_all_domains()));
my $end = time + 20;
my $timer = Sys::Virt::Event::add_timeout(100, sub {});
Sys::Virt::Event::run_default() while @seen < 14 && time < $end;
for my $who ("bare", "busy", "idle") { show("events", grep { /^$who/ } @seen) }
$c->domain_event_deregister_any($id);
'''

with Pair("perl") as p:
    guests(p)
    p.file("client.pl", SCRIPT)
    p.sh("mkdir -p /run/lock")      # libvirtd's, for consoles
    p.sh("perl W/client.pl W/.", mask=[r"/dev/pts/\d+"], status=0)
sys.exit(p.result())
