#include "orchestrator/store/manifests.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kPutChunk{"manifest_chunk_put", R"sql(
  INSERT INTO manifest_chunk (transfer, scan, index, client, bytes) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (transfer, scan, index) DO UPDATE SET bytes = EXCLUDED.bytes)sql"};
constexpr pg::Query kGetChunk{"manifest_chunk_get", R"sql(
  SELECT bytes FROM manifest_chunk WHERE transfer = $1 AND scan = $2 AND index = $3)sql"};
constexpr pg::Query kPutFinding{"scan_finding_put", R"sql(
  INSERT INTO scan_finding (transfer, scan, ordinal, client, code, path, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT DO NOTHING)sql"};
constexpr pg::Query kGetFindings{"scan_finding_get", R"sql(
  SELECT code, path, detail FROM scan_finding WHERE transfer = $1 AND scan = $2 ORDER BY ordinal)sql"};

}  // namespace

void PutManifestChunk(pg::Tx& tx, const Transfer& transfer, int64_t index, std::string_view bytes) {
  tx.Run(kPutChunk, transfer.id, transfer.scan, index, transfer.entity.client, pg::Bytes{bytes});
}

std::optional<std::string> GetManifestChunk(pg::Tx& tx, std::string_view transfer, int64_t scan, int64_t index) {
  const pqxx::result result = tx.Run(kGetChunk, transfer, scan, index);
  if (result.empty()) return std::nullopt;
  return pg::ReadBytes(result[0][0]);
}

void PutFindings(pg::Tx& tx, const Transfer& transfer, const std::vector<Finding>& findings) {
  int ordinal = 0;
  for (const Finding& finding : findings) {
    tx.Run(kPutFinding, transfer.id, transfer.scan, ordinal++, transfer.entity.client, finding.code,
           pg::Bytes{finding.path}, finding.detail);
  }
}

std::vector<Finding> GetFindings(pg::Tx& tx, std::string_view transfer, int64_t scan) {
  std::vector<Finding> findings;
  for (const pqxx::row& row : tx.Run(kGetFindings, transfer, scan)) {
    findings.push_back({row[0].as<std::string>(), pg::ReadBytes(row[1]), row[2].as<std::string>()});
  }
  return findings;
}

}  // namespace crossdock::orchestrator::store
