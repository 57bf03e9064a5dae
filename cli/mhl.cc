#include "cli/mhl.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <ostream>

#include "cli/directory_record.h"
#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/mhl/check.h"
#include "lib/mhl/generation.h"
#include "lib/mhl/packing_list.h"
#include "lib/mhl/read.h"

namespace crossdock::cli {
namespace {

struct Options {
  std::string directory;
  std::string packing_list;
  std::vector<std::string> formats;
  std::string process = "in-place";
  std::vector<std::string> ignore;
  std::string author, email, phone, role;
  std::string hostname, location, comment;
};

// What the reference tool of the format exits with: auditors know these numbers.
int ToolCode(mhl::ProblemKind kind) {
  switch (kind) {
    case mhl::ProblemKind::kMissing:
      return 10;
    case mhl::ProblemKind::kMismatch:
      return 11;
    case mhl::ProblemKind::kDirectoryMismatch:
      return 12;
    case mhl::ProblemKind::kUnknown:
      return 21;
  }
  return 1;
}

std::string_view Sentence(mhl::ProblemKind kind) {
  switch (kind) {
    case mhl::ProblemKind::kMissing:
      return "missing";
    case mhl::ProblemKind::kMismatch:
      return "other content than recorded";
    case mhl::ProblemKind::kDirectoryMismatch:
      return "directory is other than recorded";
    case mhl::ProblemKind::kUnknown:
      return "not in the record";
  }
  return "";
}

Document ToDocument(const std::vector<mhl::Problem>& problems) {
  Document list = Document::array();
  for (const mhl::Problem& problem : problems) {
    Document item{{"reason", mhl::Name(problem.kind)},
                  {"ascmhl_code", ToolCode(problem.kind)},
                  {"path", problem.path.empty() ? "." : problem.path}};
    if (problem.format) {
      item["format"] = mhl::Name(*problem.format);
      item["expected"] = mhl::EncodeHash(*problem.format, problem.expected);
      item["found"] = mhl::EncodeHash(*problem.format, problem.found);
    }
    list.push_back(std::move(item));
  }
  return list;
}

void Print(const std::vector<mhl::Problem>& problems, const std::vector<std::string>& left_out, Context& context) {
  for (const mhl::Problem& problem : problems) {
    context.out << Shown(problem.path.empty() ? "." : problem.path) << ": " << Sentence(problem.kind);
    if (problem.format) {
      context.out << " (" << mhl::Name(*problem.format) << ' ' << mhl::EncodeHash(*problem.format, problem.found)
                  << ", recorded " << mhl::EncodeHash(*problem.format, problem.expected) << ')';
    }
    context.out << " [" << mhl::Name(problem.kind) << "]\n";
  }
  for (const std::string& path : left_out) context.out << Shown(path) << ": neither file nor directory, left out\n";
}

absl::StatusOr<mhl::Creator> CreatorOf(const Options& options, const Context& context) {
  mhl::Creator creator;
  creator.created = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return base::Errno(errno, "cannot tell this host's name");
  creator.hostname = options.hostname.empty() ? std::string(host.data()) : options.hostname;
  creator.tool = "crossdock";
  creator.tool_version = CROSSDOCK_VERSION;
  if (!options.author.empty()) creator.authors.push_back({options.author, options.email, options.phone, options.role});
  creator.location = options.location;
  creator.comment = options.comment;
  return creator;
}

absl::StatusOr<std::vector<mhl::HashFormat>> FormatsOf(const Options& options) {
  std::vector<mhl::HashFormat> formats;
  for (const mhl::HashFormat format : mhl::kHashFormats) {  // once each, in the record's order
    const bool named =
        std::find(options.formats.begin(), options.formats.end(), mhl::Name(format)) != options.formats.end();
    if (named || (options.formats.empty() && format == mhl::HashFormat::kXxh128)) formats.push_back(format);
  }
  for (const std::string& name : options.formats) {
    if (!mhl::ParseHashFormat(name)) {
      return base::InvalidArgument("'", name, "' is no hash format; there are c4, md5, sha1, xxh128, xxh3, xxh64");
    }
  }
  return formats;
}

// "A002" of "/mnt/rolls/A002/".
absl::StatusOr<std::string> FolderName(const std::string& directory) {
  std::error_code error;
  const auto path = std::filesystem::canonical(directory, error);
  if (error) return base::Errno(error.value(), "cannot open ", directory);
  const std::string name = path.filename();
  return name.empty() ? "root" : name;
}

absl::Status CreatePackingList(const Options& options, Context& context, DirectoryInventory& inventory,
                               const mhl::Histories& histories) {
  ASSIGN_OR_RETURN(const mhl::Creator creator, CreatorOf(options, context));
  ASSIGN_OR_RETURN(const std::vector<mhl::HashFormat> formats, FormatsOf(options));
  ASSIGN_OR_RETURN(const std::string folder, FolderName(options.directory));
  ASSIGN_OR_RETURN(const mhl::Manifest list, histories.empty() ? mhl::FlattenNow(inventory, histories, creator, formats)
                                                               : mhl::Flatten(histories, creator));
  DirectoryRecords out(options.packing_list);
  ASSIGN_OR_RETURN(const std::string path, mhl::WritePackingList(out, "", folder, list));
  Answer(context, {{"packing_list", options.packing_list + "/" + path}, {"files", list.files.size()}},
         [&] { context.out << options.packing_list << '/' << path << ": " << list.files.size() << " files\n"; });
  return absl::OkStatus();
}

absl::Status Create(const Options& options, Context& context) {
  const auto process = mhl::ParseProcess(options.process);
  if (!process || *process == mhl::Process::kFlatten) {
    return base::InvalidArgument("'", options.process, "' is no process; there are in-place and transfer");
  }
  ASSIGN_OR_RETURN(const auto inventory, DirectoryInventory::Open(options.directory));
  DirectoryRecords files(options.directory);
  ASSIGN_OR_RETURN(mhl::Histories histories, mhl::Histories::Read(*inventory, files));
  if (!options.packing_list.empty()) return CreatePackingList(options, context, *inventory, histories);
  mhl::GenerationRequest request;
  ASSIGN_OR_RETURN(request.creator, CreatorOf(options, context));
  ASSIGN_OR_RETURN(request.formats, FormatsOf(options));
  ASSIGN_OR_RETURN(request.folder, FolderName(options.directory));
  request.process = *process;
  request.ignore = options.ignore;
  ASSIGN_OR_RETURN(const mhl::GenerationResult result,
                   mhl::AppendGeneration(*inventory, files, std::move(histories), request));
  Document document{{"generation", result.written.back().number},
                    {"manifests", Document::array()},
                    {"files", result.files},
                    {"bytes", result.bytes},
                    {"original", result.original},
                    {"verified", result.verified},
                    {"failed", result.failed},
                    {"problems", ToDocument(result.problems)},
                    {"left_out", inventory->left_out()}};
  for (const mhl::WrittenManifest& manifest : result.written) {
    document["manifests"].push_back({{"path", manifest.path}, {"number", manifest.number}, {"c4", manifest.c4}});
  }
  Answer(context, document, [&] {
    Print(result.problems, inventory->left_out(), context);
    for (const mhl::WrittenManifest& manifest : result.written) context.out << Shown(manifest.path) << '\n';
    context.out << result.files << " files, " << ShowBytes(result.bytes) << ": " << result.original << " original, "
                << result.verified << " verified, " << result.failed << " failed\n";
  });
  return result.problems.empty() ? absl::OkStatus() : Negative();
}

// `path` is the folder of a collection, or a manifest.
absl::StatusOr<mhl::Manifest> PackingListAt(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    DirectoryRecords files(path);
    return mhl::ReadPackingList(files, "");
  }
  ASSIGN_OR_RETURN(const std::string xml, base::ReadFile(path, mhl::kManifestSizeMax));
  return mhl::ReadManifest(xml, path);
}

absl::Status Verify(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto inventory, DirectoryInventory::Open(options.directory));
  mhl::CheckResult result;
  uint32_t generation = 0;
  if (!options.packing_list.empty()) {
    ASSIGN_OR_RETURN(const mhl::Manifest list, PackingListAt(options.packing_list));
    ASSIGN_OR_RETURN(result, mhl::CheckPackingList(*inventory, list));
  } else {
    DirectoryRecords files(options.directory);
    ASSIGN_OR_RETURN(const mhl::Histories histories, mhl::Histories::Read(*inventory, files));
    generation = static_cast<uint32_t>(histories.all().front().chain.size());
    ASSIGN_OR_RETURN(result, mhl::CheckTree(*inventory, histories));
  }
  Document document{{"result", result.problems.empty() ? "verified" : "failed"},
                    {"generation", generation},
                    {"files", result.files},
                    {"bytes", result.bytes},
                    {"problems", ToDocument(result.problems)},
                    {"left_out", inventory->left_out()}};
  Answer(context, document, [&] {
    Print(result.problems, inventory->left_out(), context);
    context.out << result.files << " files, " << ShowBytes(result.bytes) << ": "
                << (result.problems.empty() ? "all as recorded" : base::StrCat(result.problems.size(), " problems"))
                << '\n';
  });
  return result.problems.empty() ? absl::OkStatus() : Negative();
}

absl::Status Info(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto inventory, DirectoryInventory::Open(options.directory));
  DirectoryRecords files(options.directory);
  ASSIGN_OR_RETURN(const mhl::Histories histories, mhl::Histories::Read(*inventory, files));
  if (histories.empty()) {
    return base::WithReason(base::NotFound("'", options.directory, "' has no history: crossdock mhl create makes one"),
                            mhl::kReasonNoHistory);
  }
  Document document{{"histories", Document::array()}};
  Table table({"folder", "generation", "created", "process", "files", "tool", "location", "manifest"});
  for (const mhl::History& history : histories.all()) {
    if (history.chain.empty()) continue;
    const std::string root = history.root.empty() ? "." : history.root;
    Document item{{"root", root}, {"generations", Document::array()}, {"unlisted", history.unlisted}};
    for (size_t i = 0; i < history.chain.size(); ++i) {
      const mhl::GenerationHead& manifest = history.generations[i];
      const std::string created = base::FormatSeconds(manifest.creator.created);
      Document generation{{"number", history.chain[i].number},
                          {"manifest", history.chain[i].path},
                          {"c4", history.chain[i].c4},
                          {"created", created},
                          {"process", mhl::Name(manifest.process)},
                          {"hostname", manifest.creator.hostname},
                          {"tool", manifest.creator.tool},
                          {"tool_version", manifest.creator.tool_version},
                          {"authors", Document::array()},
                          {"location", manifest.creator.location},
                          {"comment", manifest.creator.comment},
                          {"files", manifest.files}};
      for (const mhl::Author& author : manifest.creator.authors) {
        generation["authors"].push_back(
            {{"name", author.name}, {"email", author.email}, {"phone", author.phone}, {"role", author.role}});
      }
      item["generations"].push_back(std::move(generation));
      table.Add({root, std::to_string(history.chain[i].number), created, std::string(mhl::Name(manifest.process)),
                 std::to_string(manifest.files), Words({manifest.creator.tool, manifest.creator.tool_version}),
                 manifest.creator.location, history.chain[i].path});
    }
    document["histories"].push_back(std::move(item));
  }
  Answer(context, document, [&] { table.Print(context.out); });
  return absl::OkStatus();
}

}  // namespace

void AddMhl(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("mhl", "the integrity record of a directory (ASC MHL)")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("directory", options->directory, "with all that it holds")->required();
    return added;
  };
  CLI::App* create = verb("create", "hash every file and add a generation to its record", Create);
  create->add_option("--format", options->formats, "c4, md5, sha1, xxh128 (default), xxh3 or xxh64; may be repeated");
  create->add_option("--process", options->process, "in-place (default) or transfer");
  create->add_option("--ignore", options->ignore, "a pattern as in .gitignore, from now on; may be repeated");
  create->add_option("--author", options->author, "who does this");
  create->add_option("--author-email", options->email)->needs("--author");
  create->add_option("--author-phone", options->phone)->needs("--author");
  create->add_option("--author-role", options->role, "such as DIT")->needs("--author");
  create->add_option("--hostname", options->hostname, "instead of this host's name, when the record leaves the house");
  create->add_option("--location", options->location, "where");
  create->add_option("--comment", options->comment);
  create->add_option("--packing-list", options->packing_list,
                     "instead, write all that is recorded as one list into this directory");
  verb("verify", "compare the directory with its record", Verify)
      ->add_option("--packing-list", options->packing_list, "with this list instead: its directory or its file");
  verb("info", "the generations of its record", Info);
}

}  // namespace crossdock::cli
