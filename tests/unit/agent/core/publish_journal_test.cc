#include "agent/core/publish_journal.h"

#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

PublishJournal Sample() {
  PublishJournal journal;
  journal.phase = PublishPhase::kCommitted;
  journal.transfer = "t-1";
  journal.agent = "van-1";
  journal.epoch = {3, 7};
  journal.form = wire::PackageForm::kFiles;
  journal.destination = "in/sh010";
  journal.listing_digest = std::string(32, 'l');
  journal.data_inode = 12;
  return journal;
}

TEST_CASE("a publish journal says after a crash what it said before") {
  PublishJournal journal = Sample();
  journal.merge = Merge::kVisible;
  journal.replace = true;
  journal.way = PublishWay::kExchange;
  journal.merged_inode = 13;
  journal.old_inode = 14;
  journal.record = {"van", "1.0", "transfer t-1", "xxh128", 5};
  CHECK(DecodeJournal(Encode(journal)).value() == journal);
}

TEST_CASE("a publish journal of an earlier version is finished as that would have finished it") {
  const PublishJournal journal = Sample();
  // What came with version 3, and with version 2.
  constexpr size_t kRecord = 4 * 2 + 8, kMerge = 3 + 16;
  const auto as_of = [&](char version, size_t without) {
    std::string bytes = Encode(journal);
    bytes.resize(bytes.size() - base::kSha256Size - without);
    bytes[bytes.find("/v3\n") + 2] = version;
    return bytes + base::Sha256(bytes);
  };
  CHECK(DecodeJournal(as_of('2', kRecord)).value() == journal);
  CHECK(DecodeJournal(as_of('1', kRecord + kMerge)).value() == journal);
}

TEST_CASE("a publish journal that is damaged anywhere is not believed") {
  const std::string bytes = Encode(Sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK(base::ReasonOf(DecodeJournal(damaged).status()) == "JOURNAL_DAMAGED");
    CHECK_FALSE(DecodeJournal(bytes.substr(0, i)).ok());
  }
}

TEST_CASE("a publish journal with a sound checksum is not believed what its fields cannot hold") {
  PublishJournal journal = Sample();
  journal.verify = 3;  // a receipt would say that it was read back
  CHECK(base::ReasonOf(DecodeJournal(Encode(journal)).status()) == "JOURNAL_DAMAGED");
  journal = Sample();
  journal.content_root = std::string(31, 'c');
  CHECK(base::ReasonOf(DecodeJournal(Encode(journal)).status()) == "JOURNAL_DAMAGED");
}

TEST_CASE("what a merge is called can be read again") {
  for (const Merge merge : {Merge::kNever, Merge::kWhole, Merge::kVisible}) CHECK(ParseMerge(Name(merge)) == merge);
  CHECK_FALSE(ParseMerge("yes"));
}

}  // namespace
}  // namespace crossdock::agent
