package codepipeline

// commands fails: what runs an action's shell commands on AWS is a build machine
// that CodePipeline manages, and the sandbox has none outside CodeBuild.
func commands(w *work) *actionDone {
	return w.fail("ConfigurationError", "the sandbox does not run Commands actions; use a CodeBuild action")
}
