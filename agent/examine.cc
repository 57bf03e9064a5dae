#include "agent/examine.h"

#include "agent/doctor/storage_facts.h"
#include "lib/base/clock.h"

namespace crossdock::agent {
namespace {

// An attempt's legs, files and staging, for as many attempts as an agent is given; and what the session needs.
constexpr uint64_t kOpenFiles = 4096;
constexpr uint64_t kOpenFilesLeast = 512;

}  // namespace

std::vector<host::Finding> Examine(const host::Facts& facts, const Config& config, const host::Line& line) {
  host::Demands demands;
  demands.line = line;
  demands.encrypts_content = true;
  demands.open_files = kOpenFiles;
  demands.open_files_least = kOpenFilesLeast;
  std::vector<host::Finding> findings = host::Judge(facts, demands);
  const base::SystemClock clock;
  for (const auto& [name, volume] : config.volumes)
    findings.push_back(JudgeStorage(name, TryStorage(volume.root, clock)));
  return findings;
}

}  // namespace crossdock::agent
