#include "orchestrator/core/trigger.h"

#include <algorithm>
#include <set>

#include "lib/base/status.h"
#include "lib/yaml/parse.h"
#include "orchestrator/core/readiness.h"

namespace crossdock::orchestrator {
namespace {

constexpr int kPriorityMax = 1000;

bool AllowsAny(const std::vector<std::string>& list, const std::string& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

absl::StatusOr<std::string> Expand(const std::string& pattern, const Entity& entity) {
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '{') {
      out += pattern[i++];
      continue;
    }
    const size_t end = pattern.find('}', i);
    if (end == std::string::npos) return base::InvalidArgument("the template '", pattern, "' has a '{' without '}'");
    const std::string name = pattern.substr(i + 1, end - i - 1);
    if (name == "project") {
      out += entity.project;
    } else if (name == "name") {
      out += entity.name;
    } else if (name == "version") {
      out += entity.version;
    } else if (name == "entity_id") {
      out += entity.id;
    } else if (name == "path") {
      out += entity.path;
    } else {
      return base::InvalidArgument("the template '", pattern, "' names {", name,
                                   "}; known are {project}, {name}, {version}, {entity_id} and {path}");
    }
    i = end + 1;
  }
  return out;
}

absl::StatusOr<Trigger> ReadTrigger(yaml::Map& map) {
  Trigger trigger;
  ASSIGN_OR_RETURN(trigger.id, map.String("id", 64));
  ASSIGN_OR_RETURN(yaml::Map when, map.SubMap("when"));
  ASSIGN_OR_RETURN(trigger.projects, when.StringListOrEmpty("project"));
  ASSIGN_OR_RETURN(trigger.entity_types, when.StringListOrEmpty("entity_type"));
  ASSIGN_OR_RETURN(trigger.statuses, when.StringListOrEmpty("status"));
  ASSIGN_OR_RETURN(trigger.sources, when.StringListOrEmpty("source"));
  RETURN_IF_ERROR(when.Finish());
  ASSIGN_OR_RETURN(yaml::Map deliver, map.SubMap("deliver"));
  ASSIGN_OR_RETURN(trigger.from, deliver.String("from", 64));
  ASSIGN_OR_RETURN(trigger.to, deliver.StringList("to"));
  if (trigger.to.empty() || trigger.to.size() > kDestinationsMax) {
    return deliver.Error("to", "a trigger needs 1 to ", kDestinationsMax, " destinations");
  }
  if (std::find(trigger.to.begin(), trigger.to.end(), trigger.from) != trigger.to.end()) {
    return deliver.Error("to", "'", trigger.from, "' is the source already; name other sites");
  }
  ASSIGN_OR_RETURN(trigger.volume, deliver.StringOr("volume", "", 64));
  ASSIGN_OR_RETURN(trigger.path, deliver.StringOr("path", ""));
  ASSIGN_OR_RETURN(trigger.as, deliver.StringOr("as", ""));
  ASSIGN_OR_RETURN(trigger.purpose, deliver.String("purpose", 64));
  ASSIGN_OR_RETURN(const int64_t priority, deliver.IntOr("priority", 0, -kPriorityMax, kPriorityMax));
  trigger.priority = static_cast<int>(priority);
  ASSIGN_OR_RETURN(trigger.merge, deliver.OneOfOr("merge", "never", {kMerges[0], kMerges[1], kMerges[2]}));
  ASSIGN_OR_RETURN(trigger.replace, deliver.BoolOr("replace", false));
  ASSIGN_OR_RETURN(trigger.ready, deliver.StringOr("ready", "none"));
  if (const auto ready = ParseReadiness(trigger.ready); !ready.ok()) {
    return deliver.Error("ready", base::ToStd(ready.status().message()));
  }
  if (deliver.Has("deadline")) {
    ASSIGN_OR_RETURN(trigger.deadline, deliver.Duration("deadline"));
  }
  RETURN_IF_ERROR(deliver.Finish());
  // A template that names something unknown must stop the load, not the first shot.
  for (const auto& [key, pattern] : {std::pair("path", trigger.path), std::pair("as", trigger.as)}) {
    if (const auto expanded = Expand(pattern, Entity{}); !expanded.ok()) {
      return deliver.Error(key, base::ToStd(expanded.status().message()));
    }
  }
  RETURN_IF_ERROR(map.Finish());
  return trigger;
}

}  // namespace

absl::StatusOr<std::vector<Trigger>> ParseTriggers(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, file));
  RETURN_IF_ERROR(map.OneOf("schema", {"crossdock/triggers/v1"}).status());
  ASSIGN_OR_RETURN(std::vector<yaml::Map> list, map.SubMaps("triggers"));
  RETURN_IF_ERROR(map.Finish());
  if (list.size() > kTriggersMax) return map.Error("triggers", "more than ", kTriggersMax, " triggers");
  std::vector<Trigger> triggers;
  std::set<std::string> ids;
  for (yaml::Map& item : list) {
    ASSIGN_OR_RETURN(Trigger trigger, ReadTrigger(item));
    if (!ids.insert(trigger.id).second) return item.Error("id", "the id '", trigger.id, "' is used twice");
    triggers.push_back(std::move(trigger));
  }
  return triggers;
}

absl::Status Matches(const Trigger& trigger, const Entity& entity) {
  if (!AllowsAny(trigger.sources, entity.source)) return base::NotFound("the source is '", entity.source, "'");
  if (!AllowsAny(trigger.projects, entity.project)) return base::NotFound("the project is '", entity.project, "'");
  if (!AllowsAny(trigger.entity_types, entity.type)) return base::NotFound("the entity type is '", entity.type, "'");
  if (!AllowsAny(trigger.statuses, entity.status)) return base::NotFound("the status is '", entity.status, "'");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlannedDelivery>> Apply(const Trigger& trigger, const Entity& entity) {
  std::string path = entity.path;
  if (!trigger.path.empty()) {
    ASSIGN_OR_RETURN(path, Expand(trigger.path, entity));
  }
  std::string destination_path = path;
  if (!trigger.as.empty()) {
    ASSIGN_OR_RETURN(destination_path, Expand(trigger.as, entity));
  }
  RETURN_IF_ERROR(CheckPath(path));
  RETURN_IF_ERROR(CheckPath(destination_path));
  std::vector<PlannedDelivery> deliveries;
  for (const std::string& site : trigger.to) {
    deliveries.push_back({trigger.id, trigger.from, site, trigger.volume.empty() ? entity.volume : trigger.volume, path,
                          destination_path, trigger.purpose, trigger.priority, trigger.deadline, trigger.merge,
                          trigger.replace, trigger.ready});
  }
  return deliveries;
}

absl::Status CheckPath(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return base::WithReason(base::InvalidArgument("the path '", base::PercentEscape(path), "' ", why), "PATH_REFUSED");
  };
  if (path.empty()) return refuse("is empty");
  if (path.size() > 4096) return refuse("is longer than 4096 bytes");
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return refuse("has an empty, '.' or '..' component");
    if (part == ".crossdock") return refuse("lies in the staging area");
    if (part.size() > 255) return refuse("has a component longer than 255 bytes");
    begin = end + 1;
  }
  const bool control = std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return control ? refuse("holds a control character") : absl::OkStatus();
}

}  // namespace crossdock::orchestrator
