#include "lib/oidc/json.h"

#include <set>
#include <string>
#include <vector>

#include "lib/base/status.h"

namespace crossdock::oidc {

using Json = nlohmann::json;

absl::StatusOr<Json> ParseObject(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> keys;  // of each object that is open
  bool twice = false;
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    deep = deep || depth > kJsonDepthMax;
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) twice = !keys.back().insert(parsed.get<std::string>()).second || twice;
    return !deep;
  };
  Json object = Json::parse(text, watch, /*allow_exceptions=*/false);
  std::string_view wrong;
  if (deep) {
    wrong = " is nested too deeply";
  } else if (twice) {
    wrong = " says a thing twice";
  } else if (!object.is_object()) {
    wrong = " is not a JSON object";
  }
  if (wrong.empty()) return object;
  return base::WithReason(base::InvalidArgument(what, wrong), "JSON_INVALID");
}

std::string StringOf(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace crossdock::oidc
