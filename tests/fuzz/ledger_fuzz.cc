// Any bytes as a ledger, and any bytes as the bodies of sound records: what is read can be written again, a tail that
// is torn anywhere takes nothing with it that stands before it, and a reader never has to hold more than one record.
#include <xxhash.h>

#include <vector>

#include "agent/core/ledger_record.h"
#include "lib/wire/byte_codec.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

using agent::LedgerRead;
using agent::LedgerRecord;

std::vector<LedgerRecord> ReadAll(std::string_view bytes) {
  std::vector<LedgerRecord> records;
  while (true) {
    LedgerRecord record;
    size_t consumed = 0;
    const LedgerRead read = agent::DecodeLedger(bytes, &record, &consumed);
    if (read != LedgerRead::kRecord) {
      INVARIANT(read == LedgerRead::kTorn || bytes.size() < 4 + agent::kLedgerRecordMax + 8) << "it never has enough";
      return records;
    }
    INVARIANT(consumed > 12 && consumed <= bytes.size()) << consumed << " of " << bytes.size() << " bytes";
    if (!std::holds_alternative<agent::LedgerUnknown>(record)) {
      LedgerRecord again;
      size_t size = 0;
      INVARIANT(agent::DecodeLedger(agent::EncodeLedger(record), &again, &size) == LedgerRead::kRecord) << "lost";
      INVARIANT(again == record) << "another record";
    }
    records.push_back(std::move(record));
    bytes.remove_prefix(consumed);
  }
}

// Each two bytes of length and a body, with the frame of a record around it.
std::string Framed(std::string_view bodies) {
  wire::ByteReader in(bodies);
  wire::ByteWriter out;
  while (in.left() > 2) {
    const size_t size = in.U16() % (agent::kLedgerRecordMax + 2);
    const std::string_view body = in.Raw(std::min(size, in.left()));
    out.U32(static_cast<uint32_t>(body.size())).Raw(body).U64(XXH3_64bits(body.data(), body.size()));
  }
  return out.Take();
}

void TearAt(std::string_view bytes, size_t at) {
  const std::vector<LedgerRecord> whole = ReadAll(bytes);
  const std::vector<LedgerRecord> torn = ReadAll(bytes.substr(0, at));
  INVARIANT(torn.size() <= whole.size() && std::equal(torn.begin(), torn.end(), whole.begin())) << "torn at " << at;
}

}  // namespace

// The first two bytes say where the tail is torn.
bool FuzzLedger(std::string_view input) {
  if (input.size() < 2) return false;
  wire::ByteReader in(input);
  const size_t at = in.U16();
  const std::string_view rest = input.substr(2);
  const std::string framed = Framed(rest);
  for (const std::string_view bytes : {rest, std::string_view(framed)}) TearAt(bytes, at % (bytes.size() + 1));
  return !ReadAll(framed).empty() || !ReadAll(rest).empty();
}

}  // namespace crossdock::fuzz
