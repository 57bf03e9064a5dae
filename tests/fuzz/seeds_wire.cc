#include <map>

#include "lib/base/encoding.h"
#include "lib/wire/admission.h"
#include "lib/wire/frames.h"
#include "lib/wire/ticket.h"
#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {
namespace {

using namespace wire;

Ticket ExampleTicket() {
  Ticket ticket;
  ticket.relay_spki = std::string(64, '1');
  ticket.rendezvous = "0123456789abcdef";
  ticket.holder_spki = std::string(64, '2');
  ticket.peer_spki = std::string(64, '3');
  ticket.epoch = {7, 42};
  ticket.not_before = *base::ParseInstant("2026-11-20T10:00:00Z");
  ticket.not_after = *base::ParseInstant("2026-11-20T11:00:00Z");
  ticket.streams_max = 8;
  return ticket;
}

std::string Signed(const Ticket& ticket) {
  return *SignTicket(ticket, *base::PrivateKey::FromSeed(std::string(32, 'k')));
}

Manifest ExampleManifest() {
  Manifest manifest;
  Entry directory;
  directory.path = "plates";
  directory.type = EntryType::kDirectory;
  directory.mode = 0755;
  manifest.entries.push_back(directory);
  Entry link;
  link.path = "plates/current";
  link.type = EntryType::kSymlink;
  link.link_target = std::make_shared<const std::string>("../plates/sh010.1001.exr");
  manifest.entries.push_back(link);
  Entry file;
  file.path = "plates/sh010.1001.exr";
  file.size = 12'000'000;
  file.mtime_ns = 1'700'000'000'000'000'000;
  file.inode = 77;
  file.mode = 0644;
  file.sha256.emplace().fill(9);
  file.attributes = std::make_shared<const Attributes>(Attributes{{"user.slate", "12A"}, {"user.take", ""}});
  manifest.entries.push_back(file);
  Entry name;
  name.path = "plates/sh010.1002.exr";
  name.type = EntryType::kHardLink;
  name.link_target = std::make_shared<const std::string>(file.path);
  manifest.entries.push_back(name);
  return manifest;
}

Manifest Links(const std::map<std::string, std::string>& targets) {
  Manifest manifest;
  for (const auto& [path, target] : targets) {
    Entry& link = manifest.entries.emplace_back();
    link.path = path;
    link.type = EntryType::kSymlink;
    link.link_target = std::make_shared<const std::string>(target);
  }
  return manifest;
}

// As FuzzManifest takes them: three bytes of length before each chunk.
std::string Chunks(const Manifest& manifest, size_t aim) {
  std::string out;
  for (ManifestEncoder encoder(manifest, aim); !encoder.done();) {
    const std::string chunk = encoder.NextChunk();
    for (const int shift : {16, 8, 0}) out.push_back(static_cast<char>(chunk.size() >> shift));
    out += chunk;
  }
  return out;
}

Hello ExampleHello() {
  Hello hello;
  hello.version_min = hello.version_max = kProtocolVersion;
  hello.transfer = "tr-0123456789abcdef";
  hello.epoch = {1, 7};
  hello.listing_digest = std::string(32, 'l');
  hello.policy_digest = std::string(32, 'p');
  hello.entries = 3;
  hello.files = 1;
  hello.bytes = 12'000'000;
  hello.streams = 4;
  return hello;
}

std::string DataLeg() {
  const std::string content = "the bytes of a small file";
  const auto segment = EncodeSegmentHeader(static_cast<uint32_t>(content.size()));
  return Encode(LegHello{"tr-0123456789abcdef", {1, 7}, 1, 0}) + Encode(Block{2, 0, content.size()}) +
         std::string(segment.data(), segment.size()) + content + Encode(BlockTrailer{false, {1, 2, 3}}) +
         Encode(Block{3, kBlockUnit, 2 * kBlockUnit}) + Encode(Hole{kBlockUnit}) + Encode(BlockTrailer{true, {}}) +
         EncodeLegEnd();
}

}  // namespace

void AddWireSeeds(Seeds& seeds) {
  Ticket ticket = ExampleTicket();
  const auto unsigned_part = [](const std::string& bytes) { return bytes.substr(0, bytes.size() - 64); };
  seeds["ticket"]["sender"] = unsigned_part(Signed(ticket));
  ticket.next_hop = NextHop{"relay.van.example:7443", std::string(64, '4')};
  seeds["ticket"]["next_hop"] = unsigned_part(Signed(ticket));

  auto& admission = seeds["admission"];
  admission["join"] = EncodeAdmission(Join{kAdmissionVersionNumber, Signed(ticket), 3, 1, Signed(ExampleTicket())});
  admission["tend"] = EncodeAdmission(Tend{}) + EncodeAdmission(Bundles{"keys", "deny"}) + EncodeAdmission(Bundles{});
  admission["answers"] =
      EncodeAdmission(Joined{}) + EncodeAdmission(Refused{"RELAY_FULL", "no place is left"}) +
      EncodeAdmission(Status{2, 1, true, 250, base::Instant(std::chrono::seconds(9)), 3, 4, "too old"});

  auto& control = seeds["control_leg"];
  const Manifest manifest = ExampleManifest();
  std::string sender = Encode(ControlFrame(ExampleHello()));
  for (ManifestEncoder encoder(manifest, 100); !encoder.done();) sender += Encode(ManifestChunk{encoder.NextChunk()});
  sender += Encode(ManifestEnd{manifest.entries.size(), ListingDigest(manifest)}) + Encode(Alive{});
  control["sender"] = sender + Encode(Sent{1, 12'000'000});
  control["receiver"] = Encode(ControlFrame(ExampleHello())) + Encode(BlockAck{{{2, kBlockUnit, kBlockUnit}}}) +
                        Encode(Have{true, {{0, 1}, {2, 1}}}) + Encode(FileAck{{0, 2}}) + Encode(Published{true});
  control["refusals"] = Encode(BlockRefused{{2, 0, 12'000'000}, "DIGEST_MISMATCH", "send it again"}) +
                        Encode(Stop{"CANCELLED", "by ana"}) + Encode(PeerError{"SOURCE_CHANGED", "a file"});
  seeds["data_leg"]["leg"] = DataLeg();

  seeds["manifest"]["chunks"] = Chunks(manifest, 50);
  seeds["manifest"]["one_chunk"] = Chunks(manifest, kManifestChunkSizeAim);
  seeds["manifest"]["finding-link_out_by_another_link"] = Chunks(Links({{"d/up", ".."}, {"esc", "d/up/../x"}}), 1000);
  seeds["manifest"]["finding-link_to_itself"] = Chunks(Links({{"d/s", "s/./s/../.././s/e"}}), 1000);
  seeds["manifest"]["finding-link_to_itself_behind_a_name"] = Chunks(Links({{"d/s", "../d/s/x"}}), 1000);
  seeds["manifest"]["empty"] = Chunks(Manifest{}, 50);
}

}  // namespace crossdock::fuzz
