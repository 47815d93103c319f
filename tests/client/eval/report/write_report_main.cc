// tests/client/eval/report/write_report_main.cc
// Writes pages to look at: one for each sample report, or the one of a run.
//
//   write_report OUT_DIR            OUT_DIR/NAME.html for each; prints their names, one a line
//   write_report OUT_DIR RUN_DIR    OUT_DIR/run.html
//
// Exit codes: 0 written; 1 not; 2 bad usage.
#include <cstdio>
#include <fstream>
#include <string>

#include "client/eval/eval_run.h"
#include "client/eval/report/report_page.h"
#include "tests/client/eval/report/sample_reports.h"

namespace {

bool Write(const std::string& folder, const std::string& name, const std::string& page) {
  std::ofstream file(folder + "/" + name + ".html", std::ios::binary);
  file << page;
  file.close();
  if (!file)
    std::fprintf(stderr, "write_report: %s/%s.html: not written\n", folder.c_str(), name.c_str());
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("usage: write_report OUT_DIR [RUN_DIR]\n", stderr);
    return 2;
  }
  if (argc == 3) {
    const auto finished = assay::client::ReadRun(argv[2]);
    if (!finished.ok()) {
      std::fprintf(stderr, "write_report: %s\n", finished.status().ToString().c_str());
      return 1;
    }
    const auto summary = assay::client::Summarize(*finished, {});
    return Write(argv[1], "run", assay::client::RenderReport(summary, finished->rows)) ? 0 : 1;
  }
  for (const auto& report : assay::testing::AllSampleReports()) {
    if (!Write(argv[1], report.name, report.Render())) return 1;
    std::puts(report.name.c_str());
  }
  return 0;
}
