// crossdock policy lint|test|render|explain|sign: everything that needs no orchestrator.
#include <algorithm>
#include <ostream>
#include <set>
#include <sstream>

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
  std::vector<std::string> files;
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

// What a verb works on, in order: the studio's file, the client's, the show's.
struct Layers {
  std::vector<PolicyFile> files;
  std::vector<const policy::Policy*> all;
  std::set<const policy::Policy*> named;  // not by --layer
};

// `read` is ReadPolicyFile or ReadWholePolicy.
template <typename Read>
absl::StatusOr<Layers> ReadLayers(const Options& options, Read read) {
  Layers layers;
  layers.files.reserve(options.files.size() + options.layers.size());
  for (const auto* paths : {&options.files, &options.layers}) {
    for (const std::string& path : *paths) {
      ASSIGN_OR_RETURN(layers.files.emplace_back(), read(path));
      layers.all.push_back(&layers.files.back().policy);
      if (paths == &options.files) layers.named.insert(layers.all.back());
    }
  }
  RETURN_IF_ERROR(CheckLayers(layers.all));
  return layers;
}

Document ToDocument(const policy::Policy& policy, const policy::Finding& finding) {
  return {{"file", policy.file},        {"code", finding.code},           {"rule", finding.rule},
          {"line", finding.place.line}, {"column", finding.place.column}, {"text", finding.text}};
}

// What is found in each, in the order of its lines, and then what they say of one another.
std::vector<policy::LayerFinding> FindIn(const Layers& layers, const policy::Registry* registry, base::Instant now) {
  std::vector<policy::LayerFinding> found;
  for (const policy::Policy* layer : layers.all) {
    const auto file = std::find_if(layers.files.begin(), layers.files.end(),
                                   [&](const PolicyFile& each) { return &each.policy == layer; });
    for (const policy::Finding& finding : file->findings) found.push_back({layer, finding});
    for (policy::Finding& finding : policy::Lint(*layer, registry, now)) {
      // A file that is there and differs is not missing.
      const bool said = finding.code == "calendar-missing" &&
                        std::any_of(file->findings.begin(), file->findings.end(), [&](const policy::Finding& other) {
                          return other.place.line == finding.place.line;
                        });
      if (!said) found.push_back({layer, std::move(finding)});
    }
  }
  for (policy::LayerFinding& finding : policy::LintTogether(layers.all)) found.push_back(std::move(finding));
  return found;
}

absl::Status Lint(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const Layers layers, ReadLayers(options, ReadPolicyFile));
  policy::Registry registry;
  if (!options.roster.empty()) {
    ASSIGN_OR_RETURN(const std::string body, base::ReadFile(options.roster, 1u << 20));
    ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.roster));
    registry = clearance::RegistryOf(roster);
  }
  const auto findings = FindIn(layers, options.roster.empty() ? nullptr : &registry, context.clock.Now());
  Document document{{"digest", policy::DigestOf(layers.all)}, {"findings", Document::array()}};
  if (layers.all.size() == 1) document["digest"] = layers.all.front()->digest;
  for (const auto& [policy, finding] : findings) document["findings"].push_back(ToDocument(*policy, finding));
  Answer(context, document, [&] {
    for (const auto& [policy, finding] : findings) context.out << policy::FormatFinding(*policy, finding) << '\n';
    if (!findings.empty()) return;
    for (const policy::Policy* layer : layers.all)
      context.out << layer->file << ": no findings, digest " << layer->digest << '\n';
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
            base::StrCat("rule ", mutant.rule, " ", mutant.change, ": no test notices; write one that comes out otherwise then"));
  }
  out << "mutation score: " << strength.killed << " of " << strength.mutants.size() << " changes are found by a test\n";
}

// The layers above a file's own. What a show's file expects says nothing without its client's.
absl::StatusOr<std::vector<const policy::Policy*>> Above(const Layers& layers, const policy::Policy& file) {
  std::vector<const policy::Policy*> above;
  for (const policy::Policy* layer : layers.all)
    if (layer->scope().level() < file.scope().level()) above.push_back(layer);
  const bool wants = !above.empty() && file.scope().level() == policy::Scope::Level::kShow;
  if (!wants || above.back()->scope().level() == policy::Scope::Level::kClient) return above;
  return base::WithReason(
      base::InvalidArgument("the layers above ", file.file, " are given without that of client ", file.client,
                            ", and without it everything is denied; name its file too"),
      "LAYERS_DISAGREE");
}

// The tests of one file. False: one fails, or a change goes unnoticed.
absl::StatusOr<bool> TestOne(const Layers& layers, const policy::Policy& policy, bool tests_only, Document& document,
                             std::ostream& out) {
  ASSIGN_OR_RETURN(const std::vector<const policy::Policy*> above, Above(layers, policy));
  size_t failed = 0;
  const auto results = above.empty() ? policy::RunTests(policy) : policy::RunTests(policy, above);
  document["tests"] = Document::array();
  for (const policy::TestResult& result : results) {
    failed += result.passed ? 0 : 1;
    document["tests"].push_back({{"name", result.name},
                                 {"line", result.place.line},
                                 {"passed", result.passed},
                                 {"difference", result.difference}});
    if (result.passed) {
      out << "ok    " << result.name << '\n';
    } else {
      out << "FAIL  " << policy.file << ":" << result.place.line << ":" << result.place.column << ": " << result.name
          << ": " << result.difference << '\n';
    }
  }
  document["failed"] = failed;
  out << results.size() - failed << " of " << results.size() << " tests passed\n";
  // What failing tests would find means nothing.
  if (failed > 0 || tests_only) return failed == 0;
  // Of the file's own rules: with others around them a change could hide.
  const policy::TestStrength strength = policy::MeasureTests(policy);
  AddTo(document, strength);
  Print(policy, strength, out);
  return strength.killed == strength.mutants.size();
}

absl::Status Test(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const Layers layers, ReadLayers(options, ReadWholePolicy));
  Document documents = Document::array();
  std::ostringstream out;
  bool well = true;
  for (const policy::Policy* policy : layers.all) {
    if (!layers.named.contains(policy)) continue;
    if (options.files.size() > 1) out << policy->file << ":\n";
    Document document = Document::object();
    if (options.files.size() > 1) document["file"] = policy->file;
    ASSIGN_OR_RETURN(const bool passed, TestOne(layers, *policy, options.tests_only, document, out));
    well &= passed;
    documents.push_back(std::move(document));
  }
  Answer(context, options.files.size() == 1 ? documents.front() : Document{{"files", documents}},
         [&] { context.out << out.str(); });
  return well ? absl::OkStatus() : Negative();
}

absl::Status Render(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const Layers layers, ReadLayers(options, ReadWholePolicy));
  Document documents = Document::array();
  std::string text;
  for (const policy::Policy* layer : layers.all) {
    const std::string english = policy::Render(*layer);
    text += base::StrCat(text.empty() ? "" : "\n", english);
    documents.push_back(
        {{"client", policy::ScopeKey(layer->scope())}, {"digest", layer->digest}, {"rendered", english}});
  }
  Document document = documents.front();
  if (layers.all.size() > 1) {
    const std::string combined = policy::RenderTogether(layers.all);
    text += base::StrCat("\n", combined);
    document = {{"layers", documents}, {"digest", policy::DigestOf(layers.all)}, {"rendered", combined}};
  }
  Answer(context, document, [&] { context.out << text; });
  return absl::OkStatus();
}

absl::Status Explain(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const Layers read, ReadLayers(options, ReadWholePolicy));
  const std::vector<const policy::Policy*>& layers = read.all;
  policy::Facts facts;
  for (const policy::Policy* layer : layers) {
    if (!layer->client.empty()) facts.values["asset.client"] = policy::Fact(layer->client);
    if (!layer->show.empty()) facts.values["asset.project"] = policy::Fact(layer->show);
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
  const policy::Decision decision = layers.size() == 1 ? policy::Evaluate(*layers.front(), facts, {}, at)
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
  ASSIGN_OR_RETURN(const PolicyFile file, ReadWholePolicy(options.files.front()));
  const policy::Policy& policy = file.policy;
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
  // Of one transfer's layers there are three at most.
  const auto verb = [&](const char* name, const char* help, auto run, int files = 3) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("file", options->files, files == 1 ? "the policy (YAML)" : "the policy (YAML); or several layers")
        ->required()
        ->expected(1, files);
    return added;
  };
  verb("lint", "what is useless, risky or unknown in it, and between its layers", Lint)
      ->add_option("--roster", options->roster, "checks its names against this roster");
  CLI::App* test = verb("test", "run the tests that it brings along, and say what they would not notice", Test);
  test->add_flag("--tests-only", options->tests_only, "do not look for changes that no test notices");
  test->add_option("--layer", options->layers, "a file of a layer above, by which the tests are decided too");
  verb("render", "what it says, in English; of several, how they combine", Render);
  CLI::App* explain = verb("explain", "what it says of a case", Explain);
  explain->add_option("--fact", options->facts, "name=value; may be repeated, lists with commas");
  explain->add_option("--layer", options->layers, "another layer's file, to be asked too: the studio's, the show's");
  explain->add_option("--at", options->at, "when it is decided, as in 2026-06-05T17:00:00Z (now)");
  CLI::App* sign = verb("sign", "sign its activation, as an officer", Sign, 1);
  sign->add_option("--number", options->number, "above the client's last activation")->required();
  sign->add_option("--officer", options->officer, "your name in the roster")->required();
  sign->add_option("--sign-with", options->key, "your officer's key")->required();
  sign->add_option("--out", options->out, "the signed activation's file")->required();
}

}  // namespace crossdock::cli
