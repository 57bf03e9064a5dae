#include "agent/core/ledger_record.h"
#include "agent/core/publish_journal.h"
#include "agent/storage/xxh3.h"
#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {
namespace {

using namespace agent;

// As FuzzLedger takes it: where to tear, then bodies, each with two bytes of length before it.
std::string Bodies(std::initializer_list<LedgerRecord> records) {
  std::string out("\x01\x00", 2);
  for (const LedgerRecord& record : records) {
    const std::string bytes = EncodeLedger(record);
    const std::string body = bytes.substr(4, bytes.size() - 12);
    out.push_back(static_cast<char>(body.size() >> 8));
    out.push_back(static_cast<char>(body.size()));
    out += body;
  }
  return out;
}

PublishJournal ExampleJournal() {
  PublishJournal journal;
  journal.transfer = "tr-0123456789abcdef";
  journal.agent = "van-1";
  journal.epoch = {1, 7};
  journal.destination = "northlight/in/v003";
  journal.listing_digest = std::string(32, 'l');
  journal.began_us = 1'700'000'000'000'000;
  journal.files = 3;
  journal.bytes = 12'000'000;
  return journal;
}

}  // namespace

void AddAgentSeeds(Seeds& seeds) {
  const StagedFile staged{"plates/sh010.1001.exr", 12'000'000, 7, 77, 78};
  LedgerFile file{staged, {1, 2, 3}, std::nullopt};
  LedgerFile bound = file;
  bound.sha256.emplace().fill(4);
  const LedgerHeader header{"tr-0123456789abcdef", {1, 7}, std::string(32, 'l'), "boot", true};
  const LedgerBlock block{staged, 4u << 20, 4u << 20, {5}};
  Xxh3 hash;
  hash.Update(std::string(300, 'x'));
  const std::string state = hash.Save();
  seeds["ledger"]["files"] = Bodies({header, file, bound});
  seeds["ledger"]["blocks"] = Bodies({header, block, LedgerHashState{staged, 4u << 20, state}});
  std::string whole("\x20\x00", 2);
  for (const LedgerRecord& record : {LedgerRecord(header), LedgerRecord(file)}) whole += EncodeLedger(record);
  seeds["ledger"]["raw"] = whole;

  PublishJournal journal = ExampleJournal();
  const auto body = [](const PublishJournal& which) {
    const std::string bytes = Encode(which);
    return bytes.substr(0, bytes.size() - 32);
  };
  seeds["journal"]["prepared"] = body(journal);
  journal.phase = PublishPhase::kPublished;
  journal.merge = Merge::kWhole;
  journal.way = PublishWay::kExchange;
  journal.content_root = journal.policy_digest = std::string(32, 'c');
  seeds["journal"]["merged"] = body(journal);
  journal.verify = 3;
  seeds["journal"]["finding-verified_in_no_way"] = body(journal);
  journal.verify = 0;
  journal.content_root.pop_back();
  seeds["journal"]["finding-digest_cut_short"] = body(journal);

  const auto bare = [](const std::string& saved) { return saved.substr(saved.find('/') + 1); };
  seeds["hash_state"]["long"] = bare(state);
  Xxh3 fresh;
  fresh.Update("short");
  seeds["hash_state"]["short"] = bare(fresh.Save());
}

}  // namespace crossdock::fuzz
