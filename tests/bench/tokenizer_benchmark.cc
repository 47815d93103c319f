// How fast texts become ids: bytes of text a second, on one thread. Three kinds of text, two kinds of tokenizer; tokenizers
// of published sizes against the reference are tests/bench/tokenizer_speed.py's business.
//
//   tokenizer_benchmark [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] ...
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "model/mapped_file.h"
#include "model/tokenizer.h"
#include "tests/model/tiny_tokenizer.h"

namespace assay {
namespace {

const Tokenizer& SmolLm2() {
  static const std::unique_ptr<const Tokenizer>& tokenizer = *[] {
    const auto file = MappedFile::Open(ASSAY_SOURCE_DIR "/data/armorm-mini/tokenizer.json").value();
    return new std::unique_ptr<const Tokenizer>(Tokenizer::Create(file->bytes()).value());
  }();
  return *tokenizer;
}

// Of SentencePiece's form: a whole text is one piece.
const Tokenizer& Fallback() {
  static const std::unique_ptr<const Tokenizer>& tokenizer = *new std::unique_ptr<const Tokenizer>(
      Tokenizer::Create(testing::TinyFallbackJson().dump()).value());
  return *tokenizer;
}

std::string Repeated(const std::string& text, size_t bytes) {
  std::string repeated;
  while (repeated.size() < bytes) repeated += text;
  return repeated;
}

std::string Prose(size_t bytes) {
  return Repeated(
      "The reader who wants an answer, and not a lecture, will find it in the second paragraph; "
      "it's there that 1,234 words say what the other 56 could not.\n\n",
      bytes);
}

std::string OtherScripts(size_t bytes) {
  return Repeated(
      "Größe, naïve café, привет мир, 你好世界, こんにちは, مرحبا, "
      "👩‍💻 "
      "✓ ",
      bytes);
}

// One piece for any tokenizer, which no vocabulary holds.
std::string OneWord(size_t bytes) { return Repeated("helloworldlowerhello", bytes); }

void Encode(benchmark::State& state, const Tokenizer& (*tokenizer)(),
            std::string (*text_of)(size_t)) {
  const std::string text = text_of(static_cast<size_t>(state.range(0)));
  const Tokenizer& encoder = tokenizer();
  size_t ids = 0;
  for (auto _ : state) {
    const absl::StatusOr<TokenIds> encoded = encoder.Encode(text);
    if (!encoded.ok()) {
      state.SkipWithError("the text was not encoded");
      return;
    }
    ids = encoded->size();
    benchmark::DoNotOptimize(ids);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.counters["ids"] = static_cast<double>(ids);
}

BENCHMARK_CAPTURE(Encode, smollm2_prose, SmolLm2, Prose)->Arg(200)->Arg(4000)->Arg(100000);
BENCHMARK_CAPTURE(Encode, smollm2_other_scripts, SmolLm2, OtherScripts)->Arg(4000);
BENCHMARK_CAPTURE(Encode, smollm2_one_word, SmolLm2, OneWord)->Arg(4000)->Arg(100000);
BENCHMARK_CAPTURE(Encode, fallback_prose, Fallback, Prose)->Arg(200)->Arg(4000)->Arg(100000);
BENCHMARK_CAPTURE(Encode, fallback_other_scripts, Fallback, OtherScripts)->Arg(4000);
BENCHMARK_CAPTURE(Encode, fallback_one_word, Fallback, OneWord)->Arg(4000)->Arg(100000);

}  // namespace
}  // namespace assay

BENCHMARK_MAIN();
