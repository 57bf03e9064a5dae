// What the asset databases are to be told, until they have taken it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::store {

struct WriteBack {
  int64_t id = 0;
  std::string client;
  std::string transfer;
  std::string source;
  std::string entity_type;
  std::string entity_id;
  std::string destination;
  std::string state;
  std::string note;
  int attempts = 0;
};
void InsertWriteBack(pg::Tx& tx, const Transfer& transfer, std::string_view state, std::string_view note,
                     base::Instant now);
// Those of `source` whose turn it is, oldest first, locked and skipping those another replica holds.
std::vector<WriteBack> TakeWriteBacks(pg::Tx& tx, std::string_view source, base::Instant now, int limit);
void FinishWriteBack(pg::Tx& tx, int64_t id, base::Instant now);
void PostponeWriteBack(pg::Tx& tx, int64_t id, base::Instant not_before);

}  // namespace crossdock::orchestrator::store
