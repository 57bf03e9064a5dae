// crossdock audit export|prove|verify: what an auditor is given, and what judges it.
#include <cstdlib>
#include <filesystem>

#include "cli/audit_export.h"
#include "cli/verb.h"

namespace crossdock::cli {
namespace {

absl::Status RunExport(ExportOptions& options, Context& context) {
  ASSIGN_OR_RETURN(const AuditAbout about, ExportAudit(options, context));
  const Document document{
      {"log", about.log}, {"first", about.first}, {"end", about.end}, {"size", about.size}, {"directory", options.out}};
  Answer(context, document, [&] {
    context.out << Shown(about.log) << ": numbers " << about.first << " to " << about.end - 1 << " of " << about.size
                << " are in " << options.out << "; README.txt says how to verify them\n";
  });
  return absl::OkStatus();
}

struct VerifyOptions {
  PackDemands demands;
  std::string client;
  bool studio = false;
};

// A directory that is gone when the verb has ended.
class Scratch {
 public:
  Scratch() {
    std::string name = std::filesystem::temp_directory_path() / "crossdock-audit-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void Print(const PackVerdict& verdict, Context& context) {
  const AuditAbout& about = verdict.about;
  Document findings = Document::array();
  for (const PackVerdict::Finding& each : verdict.findings) {
    findings.push_back(
        {{"reason", each.reason}, {"first_bad", each.first_bad}, {"last_bad", each.last_bad}, {"text", each.text}});
  }
  const Document document{{"log", about.log},          {"first", about.first},   {"end", about.end},
                          {"size", about.size},        {"sites", verdict.sites}, {"checkpoints", verdict.checkpoints},
                          {"sound", findings.empty()}, {"findings", findings}};
  Answer(context, document, [&] {
    for (const PackVerdict::Finding& each : verdict.findings) {
      context.out << "first bad number: " << each.first_bad << "  [" << each.reason << "] " << Shown(each.text) << '\n';
    }
    if (!verdict.findings.empty()) return;
    context.out << Shown(about.log) << ": numbers " << about.first << " to " << about.end - 1 << " of " << about.size
                << " are what was signed, and none is missing";
    if (!verdict.sites.empty()) context.out << "; co-signed by agents of " << Words(verdict.sites);
    context.out << '\n';
  });
}

absl::Status Verify(VerifyOptions& options, Context& context) {
  if (options.demands.sites > 0 && options.demands.roster.empty()) {
    return base::WithReason(base::InvalidArgument("--sites needs --roster, which says whose the witnesses' keys are"),
                            "USAGE_INVALID");
  }
  const Scratch scratch;
  if (options.demands.directory.empty()) {
    if (options.client.empty() != options.studio) {
      return base::WithReason(base::InvalidArgument("name one of --export, --client and --studio"), "USAGE_INVALID");
    }
    options.demands.directory = scratch.path();
    ExportOptions fetch;
    fetch.client = options.client;
    fetch.out = scratch.path();
    RETURN_IF_ERROR(ExportAudit(fetch, context).status());
  }
  ASSIGN_OR_RETURN(const PackVerdict verdict, VerifyPack(options.demands, context.clock.Now()));
  Print(verdict, context);
  return verdict.findings.empty() ? absl::OkStatus() : Negative();
}

void AddExport(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* whole = AddVerb(noun, context, options, "export", "a directory that an auditor can verify", RunExport);
  whole->add_option("--from", options->from, "RFC 3339; everything since then");
  whole->add_option("--to", options->to, "RFC 3339; everything before then");
  CLI::App* prove =
      AddVerb(noun, context, options, "prove", "one leaf, and the proof that it is in the log", RunExport);
  prove
      ->add_option_function<uint64_t>(
          "number", [options](uint64_t number) { options->number = number; }, "of the leaf, from 0")
      ->required();
  for (CLI::App* const verb : {whole, prove}) {
    verb->add_option("--client", options->client, "this client's log; without it, the studio's own");
    verb->add_option("--out", options->out, "a directory that is not there yet")->required();
  }
}

}  // namespace

void AddAuditPacks(CLI::App& noun, Context& context) {
  AddExport(noun, context);
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App* verify = AddVerb(noun, context, options, "verify",
                             "whether a log is what was signed; the first number that is not", Verify);
  verify->add_option("--export", options->demands.directory, "of this export, without an orchestrator");
  verify->add_option("--client", options->client, "of this client's log, as it is now");
  verify->add_flag("--studio", options->studio, "of the studio's own log, as it is now");
  verify->add_option("--log-key", options->demands.log_key, "name+id+base64, as the studio gave it to you");
  verify->add_option("--roster", options->demands.roster, "FILE: the officers' roster, for who the witnesses are");
  verify->add_option("--sites", options->demands.sites, "demands co-signatures by agents of so many sites");
  verify->add_option("--against", options->demands.against,
                     "checkpoints that agents keep, witness/*.note, and directories of earlier exports");
}

}  // namespace crossdock::cli
