// crossdock policy lint|test|render|explain|sign: everything that needs no orchestrator.
#include <fstream>
#include <ostream>

#include "cli/policy_file.h"
#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/clearance/registry.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/mutate.h"
#include "lib/policy/render.h"
#include "lib/policy/run_tests.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

struct Options {
  std::string file;
  std::string roster;
  std::vector<std::string> facts;
  std::vector<std::string> layers;
  std::string at;
  std::string key;
  std::string officer;
  std::string out;
  uint64_t number = 0;
  bool tests_only = false;
};

absl::Status Lint(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const policy::Policy policy, ReadPolicy(options.file));
  policy::Registry registry;
  if (!options.roster.empty()) {
    ASSIGN_OR_RETURN(const std::string body, base::ReadFile(options.roster, 1u << 20));
    ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.roster));
    registry = clearance::RegistryOf(roster);
  }
  const auto findings = policy::Lint(policy, options.roster.empty() ? nullptr : &registry, context.clock.Now());
  Document document{{"digest", policy.digest}, {"findings", Document::array()}};
  for (const policy::Finding& finding : findings) {
    document["findings"].push_back({{"code", finding.code},
                                    {"rule", finding.rule},
                                    {"line", finding.place.line},
                                    {"column", finding.place.column},
                                    {"text", finding.text}});
  }
  Answer(context, document, [&] {
    for (const policy::Finding& finding : findings) context.out << policy::FormatFinding(policy, finding) << '\n';
    if (findings.empty()) context.out << options.file << ": no findings, digest " << policy.digest << '\n';
  });
  return findings.empty() ? absl::OkStatus() : Negative();
}

void AddTo(Document& document, const policy::TestStrength& strength) {
  document["unreached"] = Document::array();
  for (const policy::Rule* rule : strength.unreached) document["unreached"].push_back(rule->id);
  document["mutants"] = {{"all", strength.mutants.size()}, {"killed", strength.killed}, {"alive", Document::array()}};
  for (const policy::Mutant& mutant : strength.mutants) {
    if (!mutant.killed_by.empty()) continue;
    document["mutants"]["alive"].push_back({{"rule", mutant.rule},
                                            {"line", mutant.place.line},
                                            {"column", mutant.place.column},
                                            {"change", mutant.change}});
  }
}

void Print(const policy::Policy& policy, const policy::TestStrength& strength, std::ostream& out) {
  const auto finding = [&](policy::Place place, std::string_view code, std::string text) {
    out << policy::FormatFinding(policy, {std::string(code), "", place, std::move(text)}) << '\n';
  };
  for (const policy::Rule* rule : strength.unreached) {
    finding(rule->place, "unreached",
            base::StrCat("rule ", rule->id, " matches in no test; write one that it decides"));
  }
  for (const policy::Mutant& mutant : strength.mutants) {
    if (!mutant.killed_by.empty()) continue;
    finding(mutant.place, "untested",
            base::StrCat("rule ", mutant.rule, " ", mutant.change, ": every test passes still; write one that fails"));
  }
  out << "mutation score: " << strength.killed << " of " << strength.mutants.size() << " changes are found by a test\n";
}

absl::Status Test(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const policy::Policy policy, ReadPolicy(options.file));
  size_t failed = 0;
  const auto results = policy::RunTests(policy);
  Document document{{"tests", Document::array()}};
  std::string lines;
  for (const policy::TestResult& result : results) {
    failed += result.passed ? 0 : 1;
    document["tests"].push_back({{"name", result.name}, {"passed", result.passed}, {"difference", result.difference}});
    lines += base::StrCat(result.passed ? "ok    " : "FAIL  ", result.name, result.passed ? "" : ": ",
                          result.difference, "\n");
  }
  document["failed"] = failed;
  // What failing tests would find means nothing.
  std::optional<policy::TestStrength> strength;
  if (failed == 0 && !options.tests_only) {
    strength = policy::MeasureTests(policy);
    AddTo(document, *strength);
  }
  Answer(context, document, [&] {
    context.out << lines << results.size() - failed << " of " << results.size() << " tests passed\n";
    if (strength) Print(policy, *strength, context.out);
  });
  const bool weak = strength && strength->killed < strength->mutants.size();
  return failed == 0 && !weak ? absl::OkStatus() : Negative();
}

absl::Status Render(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const policy::Policy policy, ReadPolicy(options.file));
  const std::string english = policy::Render(policy);
  Answer(context, {{"client", policy::ScopeKey(policy.scope())}, {"digest", policy.digest}, {"rendered", english}},
         [&] { context.out << english; });
  return absl::OkStatus();
}

absl::Status Explain(const Options& options, Context& context) {
  std::vector<policy::Policy> policies;
  ASSIGN_OR_RETURN(policies.emplace_back(), ReadPolicy(options.file));
  for (const std::string& layer : options.layers) {
    ASSIGN_OR_RETURN(policies.emplace_back(), ReadPolicy(layer));
  }
  policy::Facts facts;
  std::vector<const policy::Policy*> layers;
  for (const policy::Policy& policy : policies) {
    layers.push_back(&policy);
    if (!policy.client.empty()) facts.values["asset.client"] = policy::Fact(policy.client);
    if (!policy.show.empty()) facts.values["asset.project"] = policy::Fact(policy.show);
  }
  for (const std::string& pair : options.facts) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) return base::InvalidArgument("'", pair, "' is not name=value");
    const std::string name = pair.substr(0, equals);
    ASSIGN_OR_RETURN(policy::FactValue value, policy::ParseFactValue(name, pair.substr(equals + 1)));
    facts.values[name] = policy::Fact(std::move(value));
  }
  base::Instant at = context.clock.Now();
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(at, base::ParseInstant(options.at));
  }
  // One file alone says what it says; several say what all of them together do.
  const policy::Decision decision = layers.size() == 1 ? policy::Evaluate(policies.front(), facts, {}, at)
                                                       : policy::EvaluateLayers(layers, facts, {}, at);
  Document document{{"verdict", policy::VerdictName(decision.verdict)},
                    {"digest", decision.policy_digest},
                    {"matched", decision.matched},
                    {"reasons", Document::array()},
                    {"open", Document::array()}};
  for (const policy::Reason& reason : decision.reasons) {
    document["reasons"].push_back({{"verdict", policy::VerdictName(reason.verdict)},
                                   {"code", reason.code},
                                   {"rule", reason.rule},
                                   {"text", reason.text}});
  }
  for (const policy::RequirementStatus& open : decision.open) document["open"].push_back(open.id);
  Answer(context, document, [&] { context.out << policy::Explain(decision); });
  return decision.verdict == policy::Verdict::kAllow ? absl::OkStatus() : Negative();
}

absl::Status Sign(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const policy::Policy policy, ReadPolicy(options.file));
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  trust::PolicyActivation activation;
  activation.client = policy::ScopeKey(policy.scope());
  activation.number = options.number;
  activation.digest = policy.digest;
  activation.activated = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  activation.officer = options.officer;
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(activation));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, trust::SignedStatement::Sign(text, key).Format()));
  Answer(context,
         {{"client", activation.client},
          {"number", options.number},
          {"digest", policy.digest},
          {"officer", options.officer},
          {"rendered", policy::Render(policy)},
          {"activation_file", options.out}},
         [&] {
           context.out << policy::Render(policy) << "\nsigned: number " << options.number << " of "
                       << policy::ScopeName(policy.scope()) << "\nnext: crossdock policy activate " << options.out
                       << '\n';
         });
  return absl::OkStatus();
}

}  // namespace

void AddPolicyOffline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("file", options->file, "the policy (YAML)")->required();
    return added;
  };
  verb("lint", "what is useless, risky or unknown in it", Lint)
      ->add_option("--roster", options->roster, "checks its names against this roster");
  verb("test", "run the tests that it brings along, and say what they would not notice", Test)
      ->add_flag("--tests-only", options->tests_only, "do not look for changes that no test notices");
  verb("render", "what it says, in English", Render);
  CLI::App* explain = verb("explain", "what it says of a case", Explain);
  explain->add_option("--fact", options->facts, "name=value; may be repeated, lists with commas");
  explain->add_option("--layer", options->layers, "another layer's file, to be asked too: the studio's, the show's");
  explain->add_option("--at", options->at, "when it is decided, as in 2026-06-05T17:00:00Z (now)");
  CLI::App* sign = verb("sign", "sign its activation, as an officer", Sign);
  sign->add_option("--number", options->number, "above the client's last activation")->required();
  sign->add_option("--officer", options->officer, "your name in the roster")->required();
  sign->add_option("--sign-with", options->key, "your officer's key")->required();
  sign->add_option("--out", options->out, "the signed activation's file")->required();
}

}  // namespace crossdock::cli
