// crossdock-demo-render: renders a shot of the demo's show, "Northern Lights", as an OpenEXR sequence.
//
// A lake below mountains, at night under an aurora or at dawn; scene-linear half RGBA with grain, as a camera would
// give it, so that nothing can shrink it on the way. The same arguments give the same bytes, with any number of
// threads: frame and pixel are the only input of every random number. Each file carries the string
// CROSSDOCK-DEMO-MARKER in its header, for whoever looks for content where none may be.
#include <ImfHeader.h>
#include <ImfIntAttribute.h>
#include <ImfRgbaFile.h>
#include <ImfStandardAttributes.h>
#include <ImfStringAttribute.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"

namespace {

struct Colour {
  float r = 0, g = 0, b = 0;
};
Colour operator+(Colour a, Colour b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
Colour operator*(Colour a, float k) { return {a.r * k, a.g * k, a.b * k}; }
Colour Mix(Colour a, Colour b, float t) { return a * (1 - t) + b * t; }

float Smooth(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

// The finalizer of MurmurHash3: enough to make neighbours look unrelated.
uint32_t Hash(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}
float Unit(uint32_t hash) { return static_cast<float>(hash >> 8) * (1.0f / 16777216.0f); }

// Smooth noise in [0, 1], one and two dimensions, and its sum over octaves.
float Noise(float x, uint32_t seed) {
  const float cell = std::floor(x);
  const auto i = static_cast<uint32_t>(static_cast<int32_t>(cell));
  const float t = x - cell;
  const float a = Unit(Hash(i ^ seed)), b = Unit(Hash((i + 1) ^ seed));
  return a + (b - a) * t * t * (3 - 2 * t);
}
float Noise(float x, float y, uint32_t seed) {
  const float cell = std::floor(y);
  const auto row = static_cast<uint32_t>(static_cast<int32_t>(cell));
  const float t = y - cell;
  const float a = Noise(x, Hash(row ^ seed)), b = Noise(x, Hash((row + 1) ^ seed));
  return a + (b - a) * t * t * (3 - 2 * t);
}
float Octaves(float x, int count, uint32_t seed) {
  float sum = 0, weight = 0.5f;
  for (int i = 0; i < count; ++i, x *= 2.03f, weight *= 0.5f) sum += weight * Noise(x, seed + static_cast<uint32_t>(i));
  return sum;
}

// What makes one shot look different from the next.
struct Look {
  Colour zenith, horizon, glow, haze, snow;
  float aurora = 0, stars = 0, sun_x = 0, exposure = 1;
};

Look LookOf(const std::string& shot) {
  if (shot == "nl_010_0010") {  // night, green curtains
    return {{0.004f, 0.008f, 0.022f},
            {0.020f, 0.050f, 0.075f},
            {0.03f, 0.07f, 0.08f},
            {0.014f, 0.030f, 0.048f},
            {0.09f, 0.14f, 0.17f},
            1.0f,
            1.0f,
            0.3f,
            1.6f};
  }
  return {{0.030f, 0.060f, 0.150f},
          {0.90f, 0.42f, 0.22f},
          {1.30f, 0.62f, 0.25f},
          {0.26f, 0.19f, 0.24f},  // dawn
          {0.85f, 0.52f, 0.44f},
          0.22f,
          0.15f,
          0.68f,
          1.0f};
}

constexpr int kRidges = 3;
constexpr int kCurtains = 4;

// All of a frame that depends on the column only: it keeps the work of a pixel small.
struct Column {
  std::array<float, kRidges> ridge;    // height of each mountain range, in picture heights above the water line
  std::array<float, kCurtains> foot;   // where each curtain begins
  std::array<float, kCurtains> light;  // how bright it is here
  float glow = 0;                      // nearness of the sun
};

class Frame {
 public:
  Frame(const Look& look, int width, int height, int number, uint32_t seed)
      : look_(look),
        width_(width),
        height_(height),
        time_(static_cast<float>(number - 1001) / 24.0f),
        seed_(seed),
        grain_seed_(Hash(seed ^ static_cast<uint32_t>(number))) {
    columns_.reserve(static_cast<size_t>(width));
    for (int x = 0; x < width; ++x) columns_.push_back(ColumnAt(x));
  }

  void Render(Imf::Rgba* pixels) const {
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) pixels[y * width_ + x] = Developed(Scene(x, y), x, y);
    }
  }

 private:
  static constexpr float kWaterLine = 0.70f;  // from the top, in picture heights

  Column ColumnAt(int x) const {
    Column column;
    const float u = static_cast<float>(x) / static_cast<float>(height_) + 0.03f * time_;  // the camera pans slowly
    for (int i = 0; i < kRidges; ++i) {
      const float near = static_cast<float>(i);
      const float sharp =
          1 - std::abs(2 * Octaves(u * (1.1f + 0.7f * near) + near * 9, 6, seed_ + 100 + static_cast<uint32_t>(i)) - 1);
      column.ridge[i] = (0.34f - 0.10f * near) * sharp * sharp * (1.15f + 0.3f * Noise(u * 3, seed_ + 7));
    }
    for (int i = 0; i < kCurtains; ++i) {
      const float k = static_cast<float>(i);
      const float drift = u * (0.9f + 0.2f * k) + time_ * (0.06f + 0.02f * k) + 13 * k;
      column.foot[i] = 0.30f + 0.10f * k + 0.16f * (Octaves(drift * 1.3f, 3, seed_ + 200) - 0.45f);
      const float rays = Noise(drift * 38 + time_, seed_ + 300 + static_cast<uint32_t>(i));
      column.light[i] =
          Smooth(0.30f, 0.75f, Noise(drift * 1.9f, seed_ + 400)) * (0.35f + 0.65f * rays) / (1 + 0.4f * k);
    }
    const float sun = u - 0.03f * time_ - look_.sun_x * static_cast<float>(width_) / static_cast<float>(height_);
    column.glow = std::exp(-3.0f * sun * sun);
    return column;
  }

  // Light from the picture point (column, v), v in picture heights from the top, above the water line.
  Colour Above(const Column& column, int x, float v) const {
    const float height = kWaterLine - v;
    for (int i = kRidges - 1; i >= 0; --i) {
      if (height < column.ridge[i]) return Mountain(column, i, x, height);
    }
    const float up = std::clamp(height / kWaterLine, 0.0f, 1.0f);
    Colour light = Mix(look_.horizon, look_.zenith, std::sqrt(up)) + look_.glow * (column.glow * (1 - up) * (1 - up));
    for (int i = 0; i < kCurtains; ++i) {
      const float above = height - column.foot[i] * 0.8f;
      if (above < -0.03f) continue;
      const float strength = look_.aurora * column.light[i] * Smooth(-0.03f, 0.01f, above) / (1 + 90 * above * above);
      light =
          light + Mix({0.05f, 0.85f, 0.38f}, {0.48f, 0.12f, 0.72f}, Smooth(0.02f, 0.26f, above)) * (0.62f * strength);
    }
    const uint32_t star = Hash(static_cast<uint32_t>(x) * 7919u ^ static_cast<uint32_t>(v * 4096.0f) ^ seed_);
    if (star < 2'600'000u) light = light + Colour{0.9f, 0.95f, 1.0f} * (look_.stars * Unit(Hash(star)) * up);
    return light;
  }

  Colour Mountain(const Column& column, int range, int x, float height) const {
    const float near = static_cast<float>(range) / (kRidges - 1);
    const float u = static_cast<float>(x) / static_cast<float>(height_) + 0.03f * time_;
    const float rough =
        Noise(u * 34, height * 46, seed_ + 500) * 0.65f + Noise(u * 90, height * 120, seed_ + 501) * 0.35f;
    const float snow = Smooth(0.42f, 0.60f, rough + 0.9f * height / (column.ridge[range] + 0.05f) - 0.45f);
    const Colour rock = Mix(look_.haze, {0.006f, 0.007f, 0.010f}, 0.45f + 0.5f * near);
    const Colour lit = Mix(look_.snow, look_.glow, 0.35f * column.glow) * (0.30f + 0.9f * rough);
    return Mix(rock, lit, snow * (0.75f - 0.35f * near)) +
           look_.haze * ((1 - near) * 0.5f * (1 - Smooth(0, 0.16f, height)));
  }

  Colour Scene(int x, int y) const {
    const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(height_);
    if (v < kWaterLine) return Above(columns_[static_cast<size_t>(x)], x, v) * look_.exposure;
    const float depth = v - kWaterLine;  // the lake: what is above, upside down, moved by the ripples
    const float u = static_cast<float>(x) / static_cast<float>(height_);
    const float ripple = Noise(u * 14 / (0.15f + depth), 3.2f / (0.02f + depth) + 2.4f * time_, seed_ + 600) - 0.5f;
    const int moved = std::clamp(x + static_cast<int>(ripple * depth * 90), 0, width_ - 1);
    const float mirrored = kWaterLine - depth * (0.94f + 0.5f * ripple);
    const Colour image = Above(columns_[static_cast<size_t>(moved)], moved, std::clamp(mirrored, 0.0f, kWaterLine));
    return (image * (0.72f - 0.8f * depth) + look_.haze * (0.10f + 0.25f * (ripple + 0.5f) * depth)) * look_.exposure;
  }

  // Vignette, and grain: shot noise rises with the root of the light, over a floor of read noise.
  Imf::Rgba Developed(Colour light, int x, int y) const {
    const float cx = static_cast<float>(2 * x - width_) / static_cast<float>(width_);
    const float cy = static_cast<float>(2 * y - height_) / static_cast<float>(height_);
    light = light * (1 - 0.16f * (cx * cx + cy * cy));
    uint32_t h = Hash(grain_seed_ ^ Hash(static_cast<uint32_t>(y * width_ + x)));
    const auto grained = [&h](float value) {
      h = Hash(h + 0x9e3779b9u);
      const float bell =
          static_cast<float>((h & 0x7ff) + ((h >> 11) & 0x7ff) + (h >> 22) * 2) / 3070.0f - 1;  // three dice
      return std::max(0.0f, value + bell * (0.004f + 0.035f * std::sqrt(value)));
    };
    const float r = grained(light.r), g = grained(light.g), b = grained(light.b);
    return Imf::Rgba(r, g, b, 1.0f);
  }

  const Look& look_;
  const int width_, height_;
  const float time_;  // seconds since the first frame
  const uint32_t seed_, grain_seed_;
  std::vector<Column> columns_;
};

struct Job {
  std::string shot = "nl_010_0010", version = "comp_v003", directory;
  int first = 1001, frames = 48, width = 1024, threads = 0;
  uint32_t seed = 20261120;

  int height() const { return width * 1000 / 2390; }  // 2.39:1
  std::string FileName(int frame) const {
    return directory + "/" + shot + "_" + version + "." + std::to_string(frame) + ".exr";
  }
};

void Write(const Job& job, int number, const Imf::Rgba* pixels) {
  Imf::Header header(job.width, job.height());
  header.compression() = Imf::NO_COMPRESSION;  // the sender has nothing to gain, and rendering would wait for zlib
  Imf::addOwner(header, "Crossdock demo");
  Imf::addFramesPerSecond(header, Imf::Rational(24, 1));
  header.insert("crossdockMarker", Imf::StringAttribute("CROSSDOCK-DEMO-MARKER"));
  header.insert("shot", Imf::StringAttribute(job.shot));
  header.insert("frame", Imf::IntAttribute(number));
  Imf::RgbaOutputFile file(job.FileName(number).c_str(), header, Imf::WRITE_RGBA);
  file.setFrameBuffer(pixels, 1, static_cast<size_t>(job.width));
  file.writePixels(job.height());
}

// Frames are dealt out one by one; the first error stops all and is thrown here.
void RenderAll(const Job& job) {
  const Look look = LookOf(job.shot);
  uint32_t seed = job.seed;
  for (const char c : job.shot) seed = Hash(seed ^ static_cast<unsigned char>(c));
  std::atomic<int> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      std::vector<Imf::Rgba> pixels(static_cast<size_t>(job.width) * static_cast<size_t>(job.height()));
      for (int i = next++; i < job.frames; i = next++) {
        Frame(look, job.width, job.height(), job.first + i, seed).Render(pixels.data());
        Write(job, job.first + i, pixels.data());
      }
    } catch (...) {
      next = job.frames;
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  const int count = job.threads > 0 ? job.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  for (int i = 0; i < count; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace

int main(int argc, char** argv) {
  Job job;
  CLI::App app("Renders a shot of the demo's show as an OpenEXR sequence: SHOT_VERSION.FRAME.exr");
  app.add_option("--shot", job.shot, "nl_010_0010 (night) or another name (dawn)")->capture_default_str();
  app.add_option("--version", job.version, "part of the file name")->capture_default_str();
  app.add_option("--out", job.directory, "folder, made when missing")->required();
  app.add_option("--first", job.first, "number of the first frame")
      ->check(CLI::Range(0, 9'999'999))
      ->capture_default_str();
  app.add_option("--frames", job.frames, "how many")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--width", job.width, "pixels; the picture is 2.39:1")
      ->check(CLI::Range(16, 16'384))
      ->capture_default_str();
  app.add_option("--threads", job.threads, "0: one per core")->check(CLI::Range(0, 256))->capture_default_str();
  app.add_option("--seed", job.seed, "another number, another landscape")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    if (job.shot.empty()) throw std::invalid_argument("--shot is empty");
    std::filesystem::create_directories(job.directory);
    RenderAll(job);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crossdock-demo-render: %s\n", error.what());
    return 1;
  }
  return 0;
}
