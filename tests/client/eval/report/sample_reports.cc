#include "tests/client/eval/report/sample_reports.h"

#include <cmath>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/eval/report/report_page.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/client/eval/rewardbench_rows.h"

namespace assay::testing {
namespace {

using client::EvalRow;

// A bell of width 1 around 0. The standard's distributions differ from library to library.
class Bell {
 public:
  float operator()() {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random_()) / std::pow(2.0, 32);
    return static_cast<float>(sum - 6);
  }

 private:
  std::mt19937 random_{20};
};

constexpr const char* kObjectives[] = {"helpsteer-helpfulness",
                                       "helpsteer-correctness",
                                       "helpsteer-coherence",
                                       "helpsteer-complexity",
                                       "helpsteer-verbosity",
                                       "ultrafeedback-overall_score",
                                       "ultrafeedback-instruction_following",
                                       "ultrafeedback-truthfulness",
                                       "ultrafeedback-honesty",
                                       "ultrafeedback-helpfulness",
                                       "beavertails-is_safe",
                                       "prometheus-score",
                                       "argilla-overall_quality",
                                       "argilla-judge_lm",
                                       "code-complexity",
                                       "code-style",
                                       "code-explanation",
                                       "code-instruction-following",
                                       "code-readability"};

SampleReport Named(const std::string& name) {
  SampleReport report = {.name = name};
  client::ModelInfo& model = report.finished.run.model;
  model.name = "made-up-reward-model";
  model.revision = std::string(64, 'a');
  model.weights_hash = std::string(64, 'b');
  model.config_hash = std::string(64, 'c');
  model.tokenizer_hash = std::string(64, 'd');
  model.template_hash = std::string(64, 'e');
  model.architecture = "MadeUpForSequenceClassification";
  model.dtype = "bfloat16";
  model.heads = "precise";
  model.devices = {"cpu"};
  report.finished.run.data = {"made-up.jsonl"};
  return report;
}

void AddPairs(SampleReport* report, const std::string& subset, int count, float lean, Bell* bell) {
  for (int i = 0; i < count; ++i) {
    EvalRow row = PairWith(subset, i, 0.1F * (*bell)() + lean, 0.1F * (*bell)());
    row.comparison.prompt = {{"user", absl::StrCat("Question ", i, " of ", subset, "?")}};
    row.comparison.chosen = {"It is so.\n\nFirst, because it is. Second, because it was."};
    row.comparison.rejected = {"It is not so."};
    report->finished.rows.push_back(std::move(row));
  }
}

}  // namespace

std::string SampleReport::Render() const {
  return client::RenderReport(client::Summarize(finished, options), finished.rows);
}

SampleReport ScalarReport() {
  SampleReport report = Named("scalar");
  Bell bell;
  for (const auto& [subset, lean] : {std::pair<const char*, float>{"factual", 0.2F},
                                     {"harmless", 0.12F},
                                     {"helpful", 0.05F},
                                     {"a-subset-with-a-name-that-is-longer-than-any-column", 0.0F}})
    AddPairs(&report, subset, 60, lean, &bell);
  report.finished.rows.push_back(PairWith("factual", "tied", 0.5F, 0.5F));
  report.finished.rows.push_back(ErrorRow("helpful", 1'000'000));
  report.options.too_close = 0.01;
  return report;
}

SampleReport ObjectivesReport() {
  SampleReport report = Named("objectives");
  Bell bell;
  for (const char* name : kObjectives) report.finished.run.objectives.emplace_back(name);
  report.finished.run.model.objectives = report.finished.run.objectives;
  for (int i = 0; i < 400; ++i) {
    std::vector<client::Score> sides;
    for (const float lean : {0.06F, 0.0F}) {
      client::Score score = {.input_tokens = 20};
      for (size_t k = 0; k < std::size(kObjectives); ++k) {
        score.rewards.push_back(0.2F * bell() + lean);
        score.gating.push_back(1.0F / std::size(kObjectives));
        score.coefficients.push_back(k == 4 ? -0.08F : 0.02F * static_cast<float>(k % 5));
        score.score += score.rewards[k] * score.coefficients[k];
      }
      sides.push_back(score);
    }
    report.finished.rows.push_back(RowWith(i % 3 == 0 ? "odd" : "even", i, {sides[0]}, {sides[1]}));
  }
  return report;
}

SampleReport RewardBenchReport() {
  SampleReport report = Named("rewardbench");
  Bell bell;
  float lean = 0.3F;
  for (const auto& [subset, count] : kRewardBenchRows) {
    AddPairs(&report, subset, count, lean, &bell);
    lean = lean < 0.05F ? 0.3F : lean - 0.035F;
  }
  report.options.weighting = client::Weighting::kMay2024;
  return report;
}

SampleReport PartialRewardBenchReport() {
  SampleReport report = Named("rewardbench-partial");
  Bell bell;
  for (const char* subset : {"hep-cpp", "hep-go", "hep-java", "hep-js", "hep-python", "hep-rust"})
    AddPairs(&report, subset, 164, 0.1F, &bell);
  AddPairs(&report, "llmbar-natural", 100, 0.15F, &bell);
  AddPairs(&report, "of-no-benchmark", 30, 0.05F, &bell);
  return report;
}

SampleReport RewardBench2Report() {
  SampleReport report = Named("rewardbench-2");
  Bell bell;
  for (const auto& [subset, count] : {std::pair<const char*, int>{"Factuality", 475},
                                      {"Precise IF", 160},
                                      {"Math", 183},
                                      {"Safety", 450},
                                      {"Focus", 495}}) {
    for (int i = 0; i < count; ++i) {
      report.finished.rows.push_back(RowWith(subset, absl::StrCat(i), {ScoreOf(bell() + 2)},
                                             {ScoreOf(bell()), ScoreOf(bell()), ScoreOf(bell())}));
    }
  }
  for (int i = 0; i < 51; ++i) {
    for (const int answers : {1, 6}) {
      std::vector<client::Score> correct;
      for (int k = 0; k < answers; ++k) correct.push_back(ScoreOf(0.3F * bell() + 2.5F));
      report.finished.rows.push_back(
          RowWith("Ties", absl::StrCat(answers == 1 ? "ref:" : "tied:", i), correct,
                  {ScoreOf(0.8F * bell()), ScoreOf(0.8F * bell())}));
    }
  }
  return report;
}

SampleReport MatrixReport() {
  SampleReport report = Named("matrix");
  Bell bell;
  for (const char* subset : {"chat", "code", "math", "safety-refuse"}) {
    for (int i = 0; i < 50; ++i) {
      std::vector<client::Score> chosen;
      std::vector<client::Score> rejected;
      for (int style = 0; style < 3; ++style) {
        chosen.push_back(ScoreOf(bell() + 0.5F * static_cast<float>(style) + 0.8F));
        rejected.push_back(ScoreOf(bell() + 0.5F * static_cast<float>(style)));
      }
      report.finished.rows.push_back(RowWith(subset, i, chosen, rejected));
    }
  }
  return report;
}

SampleReport ErrorsReport() {
  SampleReport report = Named("errors");
  for (int i = 0; i < 30; ++i) {
    report.finished.rows.push_back(
        ErrorRow(i < 20 ? "hep-cpp" : "own", i, absl::UnavailableError("no <b>route</b> to host")));
  }
  return report;
}

SampleReport OneRowReport() {
  SampleReport report = Named("one-row");
  report.finished.rows.push_back(PairWith("only", "a", -0.25F, 0.5F));
  return report;
}

SampleReport EmptyReport() { return Named("empty"); }

SampleReport HostileReport() {
  SampleReport report = Named("hostile");
  report.finished.run.model.name = "<script>alert('model')</script>\"><b>";
  report.finished.run.data = {"</title><img src=x onerror=alert(1)>.jsonl"};
  report.finished.run.objectives = {"</svg><script>alert(2)</script>", "\" onload=\"alert(3)"};
  const std::string texts[] = {
      "</div></details></section><script>document.title = 'taken'</script>",
      "<details open><summary>\"quoted\" & 'so'</summary></details><!-- <![CDATA[ ]]> -->",
      absl::StrCat("controls: ", std::string("\0\x01\x07\x1b[31m\x7f\r\n\t", 12), " end"),
      "not UTF-8: \xff\xc3\x28 \xed\xa0\x80 \xf4\x90\x80\x80; noncharacter \xef\xbf\xbe",
      "مرحبا بالعالم <b>؟</b> \xe2\x80\xae turned \xe2\x80\xac שלום",
      "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 ﷽",
      absl::StrCat(std::string(100'000, 'w'), " and the end of a long text"),
      "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
  };
  int id = 0;
  for (const std::string& text : texts) {
    EvalRow row = PairWith(id % 2 == 0 ? "</td><script>alert(4)</script>" : "شعبة ‮abc",
                           absl::StrCat("id <i>", id, "</i> \x02"), 0, 1);
    row.chosen[0] = ScoreOf(0, {0, 1});
    row.rejected[0] = ScoreOf(1.5F, {2, 2});
    row.comparison.prompt = {{"system", text}, {"assistant", text}, {"user", text}};
    row.comparison.chosen = {text};
    row.comparison.rejected = {absl::StrCat(text, "\n", text)};
    report.finished.rows.push_back(row);
    ++id;
  }
  report.finished.rows.push_back(
      ErrorRow("<table>", "\"", absl::InternalError("message </code> \xff <script>")));
  return report;
}

std::vector<SampleReport> AllSampleReports() {
  return {ScalarReport(),       ObjectivesReport(), RewardBenchReport(), PartialRewardBenchReport(),
          RewardBench2Report(), MatrixReport(),     ErrorsReport(),      OneRowReport(),
          EmptyReport(),        HostileReport()};
}

}  // namespace assay::testing
