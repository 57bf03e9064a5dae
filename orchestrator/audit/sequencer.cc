#include "orchestrator/audit/sequencer.h"

#include <map>
#include <utility>

#include "lib/base/status.h"
#include "orchestrator/store/audit_log.h"

namespace crossdock::orchestrator::audit {
namespace {

// What an approval changes is covered by a signature at once.
bool IsUrgent(const std::string& action) { return action.starts_with("approval."); }

struct Growth {
  store::AuditLog log;
  uint64_t first = 0;
  transparency::Tiles tree;
  std::vector<std::string> ids;
};

absl::StatusOr<int> Number(pg::Tx& tx, const store::AuditPosition& from, int batch) {
  std::map<std::string, Growth> grown;
  const std::vector<store::UnnumberedLeaf> leaves = store::ReadUnnumbered(tx, from, batch);
  for (const store::UnnumberedLeaf& leaf : leaves) {
    auto found = grown.find(leaf.log);
    if (found == grown.end()) {
      const store::AuditLog log = store::GetAuditLog(tx, leaf.log);
      found = grown.emplace(leaf.log, Growth{log, log.size, TreeOf(tx, log.log, log.size), {}}).first;
    }
    Growth& growth = found->second;
    const absl::Status appended = growth.tree.Append(transparency::LeafHash(leaf.bytes));
    if (!appended.ok()) return base::Annotate(appended, base::StrCat("audit log '", leaf.log, "'"));
    growth.ids.push_back(std::to_string(leaf.position.id));
    growth.log.urgent = growth.log.urgent || IsUrgent(leaf.action);
  }
  for (auto& [name, growth] : grown) {
    for (const auto& [id, hashes] : growth.tree.Changed()) store::WriteTile(tx, name, id, hashes);
    store::InsertLeafNumbers(tx, name, growth.first, growth.ids);
    growth.log.size = growth.tree.size();
    store::PutAuditLog(tx, growth.log);
  }
  if (!leaves.empty()) store::SetAuditPosition(tx, leaves.back().position);
  return static_cast<int>(leaves.size());
}

}  // namespace

transparency::Tiles TreeOf(pg::Tx& tx, const std::string& log, uint64_t size) {
  return {size,
          [&tx, log](transparency::TileId id) -> absl::StatusOr<std::string> { return store::ReadTile(tx, log, id); }};
}

absl::StatusOr<int> NumberLeaves(pg::Database& database, int batch) {
  return database.Transact([&](pg::Tx& tx) -> absl::StatusOr<int> {
    const std::optional<store::AuditPosition> from = store::LockAuditPosition(tx);
    if (!from) return 0;
    if (store::IsAhead(tx, *from)) {
      return base::WithReason(
          base::FailedPrecondition("audit rows are numbered up to transaction ", from->xid,
                                   ", and this server has not come so far: it is not where they were written. After a "
                                   "restore from a dump, bring its next transaction id above that (pg_resetwal -x)"),
          "AUDIT_POSITION_AHEAD");
    }
    return Number(tx, *from, batch);
  });
}

}  // namespace crossdock::orchestrator::audit
