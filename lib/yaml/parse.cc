#include "lib/yaml/parse.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/yaml/characters.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace crossdock::yaml {
namespace {

// Thrown through yaml-cpp, which has no other way to stop; never leaves this file.
struct Refused {
  int line, column;
  std::string what;
};

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What a YAML 1.1 or 1.2 reader may take for octal: 007, -07, 0o7.
bool LooksOctal(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.size() < 2 || text[0] != '0') return false;
  return IsDigits(text) || ((text[1] == 'o' || text[1] == 'O') && IsDigits(text.substr(2)));
}

bool LooksLikeNumberOrBoolean(std::string_view text) {
  if (text == "true" || text == "false") return true;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  Node Take() { return std::move(root_); }
  bool empty() const { return empty_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) Refuse(mark, "a second document; one file holds one document, so remove the second '---'");
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    Refuse(mark, "an anchor (&); write the value out where it is needed");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "an alias (*); write the value out, or put the text in quotes");
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (AwaitsKey()) Refuse(mark, "a key that is empty or null; write a name");
    if (!open_.empty() && open_.back().node.IsMap()) {
      throw Refused{open_.back().key.line, open_.back().key.column,
                    base::StrCat("'", open_.back().key.key, "' has no value; write one, or remove the key")};
    }
    if (open_.empty()) return;  // an empty document, refused by the caller
    Refuse(mark, "an empty value or null; write a value, or remove it");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    RefuseTag(mark, tag);
    const bool quoted = tag == "!";
    if (auto bad = FindBadCharacter(value)) Refuse(mark, base::StrCat("escaped in this text: ", bad->what));
    if (!quoted && LooksOctal(value)) {
      Refuse(mark, base::StrCat("'", value, "' may be read as octal; write it without the leading 0, or in quotes"));
    }
    if (AwaitsKey()) {
      Key(mark, value, quoted);
      return;
    }
    Node node;
    node.scalar = value;
    node.quoted = quoted;
    Place(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    Open(mark, Node::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    RefuseTag(mark, tag);
    Open(mark, Node::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    Node node;
    bool awaits_key = false;  // of a map
    Entry key;                // of a map: the key whose value comes next
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] static void Refuse(const YAML::Mark& mark, std::string what) {
    throw Refused{mark.line + 1, mark.column + 1, std::move(what)};
  }

  // yaml-cpp reports "?" for plain and "!" for quoted and block scalars - and "!" for a written '!' as well, so look.
  void RefuseTag(const YAML::Mark& mark, const std::string& tag) const {
    const bool written = mark.pos >= 0 && static_cast<size_t>(mark.pos) < text_.size() && text_[mark.pos] == '!';
    if (written || (!tag.empty() && tag != "?" && tag != "!")) {
      Refuse(mark, "a tag (!); remove it, or put the text in quotes");
    }
  }

  bool AwaitsKey() const { return !open_.empty() && open_.back().awaits_key; }

  void Key(const YAML::Mark& mark, const std::string& name, bool quoted) {
    OpenNode& map = open_.back();
    if (!quoted && name == "<<") Refuse(mark, "a merge key (<<); write the keys out");
    if (!quoted && LooksLikeNumberOrBoolean(name)) {
      Refuse(mark, base::StrCat("key '", name, "' is not text; put it in quotes"));
    }
    if (name.empty()) Refuse(mark, "an empty key; write a name");
    if (!map.keys.insert(name).second) {
      Refuse(mark, base::StrCat("key '", name, "' stands twice in one map; keep one of the two"));
    }
    map.key = Entry{name, mark.line + 1, mark.column + 1, {}};
    map.awaits_key = false;
  }

  void Open(const YAML::Mark& mark, Node::Kind kind) {
    if (AwaitsKey()) Refuse(mark, "a list or map as a key; keys are text");
    if (open_.size() >= static_cast<size_t>(kDepthMax)) {
      Refuse(mark, base::StrCat("nested deeper than ", kDepthMax, "; flatten it"));
    }
    OpenNode opened;
    opened.node.kind = kind;
    opened.node.line = mark.line + 1;
    opened.node.column = mark.column + 1;
    opened.awaits_key = kind == Node::Kind::kMap;
    open_.push_back(std::move(opened));
  }

  void Close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    Put(std::move(node));
  }

  void Place(const YAML::Mark& mark, Node node) {
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    Put(std::move(node));
  }

  // Hands a finished node to whatever encloses it.
  void Put(Node node) {
    empty_ = false;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.IsList()) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.key.value = std::move(node);
    parent.node.entries.push_back(std::move(parent.key));
    parent.awaits_key = true;
  }

  const std::string_view text_;
  std::vector<OpenNode> open_;
  Node root_;
  int documents_ = 0;
  bool empty_ = true;
};

absl::Status ErrorAtOffset(std::string_view file, std::string_view text, size_t offset, std::string_view what) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  return ErrorAt(file, static_cast<int>(line), static_cast<int>(offset - line_start) + 1, what);
}

// A directive (%YAML, %TAG) can change what the rest means. It stands at the first column, where nothing else starts
// with a percent sign unless somebody wants to confuse.
absl::Status RefuseDirectives(std::string_view text, std::string_view file) {
  for (size_t start = 0; start < text.size();) {
    if (text[start] == '%') return ErrorAtOffset(file, text, start, "a directive (%); remove the line");
    const size_t end = text.find('\n', start);
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Map> Parse(std::string_view text, std::string_view file) {
  if (text.size() > kTextMax) {
    return ErrorAt(file, 1, 1, base::StrCat("larger than ", kTextMax >> 10, " KiB; split it or shorten it"));
  }
  if (auto bad = FindBadCharacter(text)) return ErrorAtOffset(file, text, bad->offset, bad->what);
  RETURN_IF_ERROR(RefuseDirectives(text, file));

  TreeBuilder builder(text);
  try {
    // yaml-cpp takes a quote that is never closed when a line feed is last; a comment without one makes it complain.
    std::istringstream stream{base::StrCat(text, "\n#")};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return ErrorAt(file, refused.line, refused.column, refused.what);
  } catch (const YAML::Exception& error) {
    return ErrorAt(file, std::max(error.mark.line, 0) + 1, std::max(error.mark.column, 0) + 1,
                   base::StrCat("not YAML: ", error.msg, "; check indentation, quotes and brackets here"));
  } catch (const std::exception& error) {
    return ErrorAt(file, 1, 1, base::StrCat("not YAML: ", error.what(), "; check indentation, quotes and brackets"));
  }
  if (builder.empty()) return ErrorAt(file, 1, 1, "nothing in it; write 'key: value' lines");
  auto tree = std::make_shared<const Tree>(Tree{std::string(file), builder.Take()});
  if (!tree->root.IsMap()) {
    return ErrorAt(file, tree->root.line, tree->root.column,
                   base::StrCat(KindName(tree->root), " where a map must stand; write 'key: value' lines"));
  }
  const Node* root = &tree->root;
  return Map(std::move(tree), root);
}

}  // namespace crossdock::yaml
