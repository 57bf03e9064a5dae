#include "agent/config.h"

#include <algorithm>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/yaml/map.h"
#include "lib/yaml/parse.h"

namespace crossdock::agent {
namespace {

// The integrity record of what lands there: XXH128 always, which costs nothing; others besides.
absl::Status ReadRecord(yaml::Map& fields, VolumeConfig& volume) {
  ASSIGN_OR_RETURN(const std::string record, fields.OneOfOr("integrity_record", "write", {"write", "none"}));
  ASSIGN_OR_RETURN(const std::vector<std::string> more, fields.StringListOrEmpty("record_formats"));
  for (const std::string& name : more) {
    const auto format = mhl::ParseHashFormat(name);
    if (!format) {
      return base::InvalidArgument("record_formats: '", name, "' is none of c4, md5, sha1, xxh128, xxh3, xxh64");
    }
    auto& formats = volume.record_formats;
    if (std::find(formats.begin(), formats.end(), *format) == formats.end()) formats.push_back(*format);
  }
  if (record == "none") volume.record_formats.clear();
  return absl::OkStatus();
}

absl::Status ReadVolumes(yaml::Map map, Config& config) {
  for (const yaml::Entry& entry : map.Entries()) {
    VolumeConfig volume;
    if (!entry.value.IsMap()) {
      return map.ErrorAtNode(entry.value, "volume '", entry.key, "' is a map with `root:`");
    }
    yaml::Map fields = map.At(entry.value);
    ASSIGN_OR_RETURN(volume.root, fields.String("root"));
    ASSIGN_OR_RETURN(const std::string merge, fields.OneOfOr("merge_allowed", "never", {"never", "whole", "visible"}));
    volume.merge_allowed = *ParseMerge(merge);
    ASSIGN_OR_RETURN(volume.replace_allowed, fields.BoolOr("replace_allowed", false));
    ASSIGN_OR_RETURN(const std::string xattrs, fields.OneOfOr("xattrs", "keep", {"keep", "drop"}));
    volume.keep_attributes = xattrs == "keep";
    ASSIGN_OR_RETURN(const std::string durability, fields.OneOfOr("durability", "safe", {"safe", "fast"}));
    volume.durability = durability == "fast" ? Durability::kFast : Durability::kSafe;
    RETURN_IF_ERROR(ReadRecord(fields, volume));
    RETURN_IF_ERROR(fields.Finish());
    config.volumes[entry.key] = std::move(volume);
  }
  return absl::OkStatus();
}

absl::Status ReadLimits(yaml::Map map, Config& config) {
  ASSIGN_OR_RETURN(const int64_t moves, map.IntOr("moves", config.limits.moves, 1, 64));
  ASSIGN_OR_RETURN(const int64_t hashes, map.IntOr("hashes", config.limits.hashes, 1, 16));
  config.limits.moves = static_cast<int>(moves);
  config.limits.hashes = static_cast<int>(hashes);
  return map.Finish();
}

absl::Status ReadReleaseScan(yaml::Map map, Config& config) {
  ReleaseScanConfig scan;
  ASSIGN_OR_RETURN(scan.program, map.String("program"));
  if (!scan.program.starts_with('/')) {
    return map.Error("program", "'", scan.program, "' is no absolute path; write one as /usr/local/bin/scan");
  }
  ASSIGN_OR_RETURN(scan.within, map.DurationOr("within", scan.within, std::chrono::seconds(1), std::chrono::hours(24)));
  RETURN_IF_ERROR(map.Finish());
  config.release_scan = std::move(scan);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, file));
  RETURN_IF_ERROR(map.OneOf("schema", {"crossdock/agent/v1"}).status());
  Config config;
  ASSIGN_OR_RETURN(config.agent, map.String("agent", 63));
  ASSIGN_OR_RETURN(config.site, map.String("site", 63));
  ASSIGN_OR_RETURN(config.trust_domain, map.String("trust_domain", 255));
  ASSIGN_OR_RETURN(config.state, map.String("state"));
  ASSIGN_OR_RETURN(yaml::Map volumes, map.SubMap("volumes"));
  RETURN_IF_ERROR(ReadVolumes(std::move(volumes), config));
  ASSIGN_OR_RETURN(const std::optional<yaml::Map> limits, map.OptionalSubMap("limits"));
  if (limits) RETURN_IF_ERROR(ReadLimits(*limits, config));
  ASSIGN_OR_RETURN(const std::optional<yaml::Map> scan, map.OptionalSubMap("release_scan"));
  if (scan) RETURN_IF_ERROR(ReadReleaseScan(*scan, config));
  RETURN_IF_ERROR(map.Finish());
  return config;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, 1u << 20));
  return ParseConfig(text, path);
}

}  // namespace crossdock::agent
