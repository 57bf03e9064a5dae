// The agent's configuration: strict YAML, every key in deploy/config/agent.example.yaml.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/task_runner.h"
#include "agent/storage/volume.h"
#include "lib/mhl/hash.h"

namespace crossdock::agent {

struct VolumeConfig {
  std::string root;  // a directory
  Merge merge_allowed = Merge::kNever;
  bool replace_allowed = false;
  bool keep_attributes = true;
  Durability durability = Durability::kSafe;
  std::vector<mhl::HashFormat> record_formats = {mhl::HashFormat::kXxh128};  // none: no integrity record
};

// The site's own program that looks at a package before it leaves (agent/release).
struct ReleaseScanConfig {
  std::string program;  // an absolute path
  std::chrono::milliseconds within = std::chrono::minutes(30);
};

struct Config {
  std::string agent;
  std::string site;
  std::string trust_domain;
  std::string state;  // directory of its own: keys, certificate, roster, receipts
  std::map<std::string, VolumeConfig> volumes;
  TaskLimits limits;
  std::optional<ReleaseScanConfig> release_scan;
};

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file);
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace crossdock::agent
