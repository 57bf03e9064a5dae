// The agent's configuration: strict YAML, every key in deploy/config/agent.example.yaml.
#pragma once

#include <map>
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

struct Config {
  std::string agent;
  std::string site;
  std::string trust_domain;
  std::string state;  // directory of its own: keys, certificate, roster, receipts
  std::map<std::string, VolumeConfig> volumes;
  TaskLimits limits;
};

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file);
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace crossdock::agent
