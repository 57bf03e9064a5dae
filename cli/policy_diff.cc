// crossdock policy diff: what a new version of a policy decides otherwise.
#include <ostream>

#include "absl/strings/str_join.h"
#include "cli/policy_file.h"
#include "cli/verb.h"
#include "lib/policy/diff.h"
#include "lib/policy/diff_document.h"

namespace crossdock::cli {
namespace {

struct Options {
  std::string before, after;
  size_t shown = 20;
};

std::string Rules(const std::vector<std::string>& ids) { return ids.empty() ? "no rule" : absl::StrJoin(ids, ", "); }

// Facts as `policy explain --fact` takes them.
std::vector<std::string> FactWords(const policy::Facts& facts) {
  std::vector<std::string> words;
  for (const auto& [name, fact] : facts.values) {
    words.push_back(base::StrCat(name, "=", policy::FormatFactValue(fact.value)));
  }
  return words;
}

void Print(const policy::Difference& difference, const policy::Region& region, std::ostream& out) {
  const std::vector<std::string> box = policy::DescribeBox(difference, region);
  out << policy::ChangeName(region.change) << ": "
      << (box.empty() ? "whatever the transfer" : absl::StrJoin(box, ",\n    ")) << "\n  " << region.how << "; before "
      << Rules(region.before) << ", now " << Rules(region.after) << "\n  for example at "
      << base::FormatSeconds(region.when);
  for (const std::string& word : FactWords(region.witness)) out << " --fact '" << word << "'";
  out << "\n\n";
}

absl::Status Diff(const Options& options, Context& context) {
  // An old version's calendar may be gone by now: what that leaves open is said as uncertain.
  ASSIGN_OR_RETURN(const PolicyFile old_file, ReadPolicyFile(options.before));
  ASSIGN_OR_RETURN(const PolicyFile new_file, ReadPolicyFile(options.after));
  const policy::Policy &before = old_file.policy, &after = new_file.policy;
  ASSIGN_OR_RETURN(const policy::Difference difference, policy::Diff(before, after, context.clock.Now()));
  const Document document = policy::DiffDocument(before, after, difference, difference.regions.size());
  Answer(context, document, [&] {
    for (size_t i = 0; i < difference.regions.size() && i < options.shown; ++i) {
      Print(difference, difference.regions[i], context.out);
    }
    if (difference.regions.size() > options.shown) {
      context.out << "… and " << difference.regions.size() - options.shown
                  << " more; --show prints as many as it says\n";
    }
    for (const std::string& fact : difference.asked_before) {
      context.out << "no longer asked for: " << fact << "; the old version held what came without it\n";
    }
    for (const std::string& fact : difference.asked_after) {
      context.out << "newly asked for: " << fact << "; the new version holds what comes without it\n";
    }
    std::vector<std::string> words;
    for (const auto& [change, count] : document["counts"].items())
      words.push_back(base::StrCat(count.get<size_t>(), " ", change));
    context.out << (words.empty() ? "no difference" : absl::StrJoin(words, ", "))
                << (difference.complete ? "\n" : "; INCOMPLETE: the versions differ too much to say everything\n");
  });
  if (!difference.complete) return Incomplete();
  const bool same = difference.regions.empty() && difference.asked_before.empty() && difference.asked_after.empty();
  return same ? absl::OkStatus() : Negative();
}

}  // namespace

void AddPolicyDiff(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* diff = AddVerb(noun, context, options, "diff", "what a new version decides otherwise, exactly", Diff);
  diff->add_option("before", options->before, "the old version (YAML)")->required();
  diff->add_option("after", options->after, "the new version (YAML)")->required();
  diff->add_option("--show", options->shown, "regions to print (20); --json has all");
}

}  // namespace crossdock::cli
